-- Compliance and validity proofs. Sent as role ves_api; only objects of schema ves.

-- name: get_compliance_event
-- What a compliance proof of an event is bound to, with its plaintext payload (nil: of any tenant).
select
  event.tenant_id,
  event.store_id,
  event.event_id,
  event.sequence_number,
  event.payload_kind,
  event.payload_plain_hash,
  event.payload_cipher_hash,
  event.event_signing_hash,
  event.payload,
  event.payload_at_rest,
  event.payload_key_id
from ves.get_compliance_event(tenant_id => %(tenant_id)s, event_id => %(event_id)s) as event;

-- name: store_compliance_proof
-- Store a checked compliance proof; the same again answers the stored record.
select
  proof.proof_id,
  proof.event_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.policy_id,
  proof.policy_params::text as policy_params,
  proof.policy_hash,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.witness_commitment,
  proof.proof_options,
  proof.amount_binding,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.store_compliance_proof(
  tenant_id => %(tenant_id)s,
  event_id => %(event_id)s,
  proof_type => %(proof_type)s,
  proof_version => %(proof_version)s,
  policy_id => %(policy_id)s,
  policy_params => %(policy_params)s,
  policy_hash => %(policy_hash)s,
  proof_id => %(proof_id)s,
  proof => %(proof)s,
  proof_key_id => %(proof_key_id)s,
  proof_hash => %(proof_hash)s,
  public_inputs_hash => %(public_inputs_hash)s,
  witness_commitment => %(witness_commitment)s,
  proof_options => %(proof_options)s,
  amount_binding => %(amount_binding)s,
  verified => %(verified)s
) as proof;

-- name: list_compliance_proofs
-- The compliance proofs of an event, oldest first, without their bytes.
select
  proof.proof_id,
  proof.event_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.policy_id,
  proof.policy_params::text as policy_params,
  proof.policy_hash,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.witness_commitment,
  proof.proof_options,
  proof.amount_binding,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.list_compliance_proofs(tenant_id => %(tenant_id)s, event_id => %(event_id)s) as proof;

-- name: get_compliance_proof
-- One compliance proof of a tenant (nil: of any tenant) with its bytes.
select
  proof.proof_id,
  proof.event_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.policy_id,
  proof.policy_params::text as policy_params,
  proof.policy_hash,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.witness_commitment,
  proof.proof_options,
  proof.amount_binding,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.get_compliance_proof(
  tenant_id => %(tenant_id)s, proof_id => %(proof_id)s, decrypt => false
) as proof;

-- name: get_validity_inputs
-- The canonical public inputs of a commitment's validity proof (nil: of any tenant).
select
  inputs.tenant_id,
  inputs.store_id,
  inputs.public_inputs::text as public_inputs,
  inputs.public_inputs_hash
from ves.get_validity_inputs(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as inputs;

-- name: submit_validity_proof
-- Store a validity proof; the same again answers the stored record.
select
  proof.proof_id,
  proof.batch_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.submit_validity_proof(
  tenant_id => %(tenant_id)s,
  batch_id => %(batch_id)s,
  proof_type => %(proof_type)s,
  proof_version => %(proof_version)s,
  proof => %(proof)s,
  proof_id => %(proof_id)s,
  proof_key_id => %(proof_key_id)s,
  proof_hash => %(proof_hash)s
) as proof;

-- name: list_validity_proofs
-- The validity proofs of a commitment, oldest first, without their bytes.
select
  proof.proof_id,
  proof.batch_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.list_validity_proofs(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as proof;

-- name: get_validity_proof
-- One validity proof of a tenant (nil: of any tenant) with its bytes.
select
  proof.proof_id,
  proof.batch_id,
  proof.tenant_id,
  proof.store_id,
  proof.proof_type,
  proof.proof_version,
  proof.proof_hash,
  proof.public_inputs::text as public_inputs,
  proof.public_inputs_hash,
  proof.submitted_at,
  proof.proof,
  proof.proof_key_id
from ves.get_validity_proof(
  tenant_id => %(tenant_id)s, proof_id => %(proof_id)s, decrypt => false
) as proof;

-- name: verify_validity_proof
-- The verdict of the engine on a stored validity proof of a tenant.
select
  verdict.proof_hash_match,
  verdict.public_inputs_match,
  verdict.stark_error,
  verdict.valid,
  verdict.reason
from ves.verify_validity_proof(
  proof_id => %(proof_id)s, tenant_id => %(tenant_id)s, found_hash => %(found_hash)s
) as verdict;
