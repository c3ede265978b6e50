-- Every statement that the request edge sends. One call of one database function each (autocommit, prepared).

-- name: ingest_events
-- Append one batch of one stream: dedupe, number, store. Arrays are parallel, one element an event.
select
  answer.first_sequence,
  answer.last_sequence,
  answer.head_sequence,
  answer.sequenced_at,
  answer.exceptions
from ves.ingest_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  signer_id => %(signer_id)s,
  auth_epoch => %(auth_epoch)s,
  event_ids => %(event_ids)s,
  command_ids => %(command_ids)s,
  agent_ids => %(agent_ids)s,
  agent_key_ids => %(agent_key_ids)s,
  entity_types => %(entity_types)s,
  entity_ids => %(entity_ids)s,
  event_types => %(event_types)s,
  created_at_texts => %(created_at_texts)s,
  created_at_micros => %(created_at_micros)s,
  payload_kinds => %(payload_kinds)s,
  payloads => %(payloads)s,
  base_versions => %(base_versions)s,
  signature_schemes => %(signature_schemes)s,
  signature_bundles => %(signature_bundles)s,
  digests => %(digests)s,
  refusals => %(refusals)s,
  refusal_messages => %(refusal_messages)s
) as answer;

-- name: store_receipts
-- Keep the signatures that were handed out; repeating is harmless.
select ves.store_receipts(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_numbers => %(sequence_numbers)s,
  receipt_hashes => %(receipt_hashes)s,
  signatures => %(signatures)s
);

-- name: get_receipt
-- One stored receipt in its wire form.
select ves.get_receipt(tenant_id => %(tenant_id)s, event_id => %(event_id)s);

-- name: register_signer
-- The number of this sequencer's id, key version and public key; made when it is new.
select ves.register_signer(
  sequencer_id => %(sequencer_id)s,
  key_version => %(key_version)s,
  algorithm => %(algorithm)s,
  public_key => %(public_key)s
);

-- name: list_signers
-- Every signer that ever issued receipts.
select
  signer.signer_id,
  signer.sequencer_id,
  signer.key_version,
  signer.algorithm,
  signer.public_key
from ves.signers as signer;

-- name: authenticate
-- The identity behind an API key's hash, or no row.
select
  identity.tenant_id,
  identity.store_ids,
  identity.agent_id,
  identity.can_read,
  identity.can_write,
  identity.can_admin,
  identity.rate_limit,
  identity.auth_epoch
from ves.authenticate(key_hash => %(key_hash)s) as identity;

-- name: upsert_bootstrap_key
-- Register (or re-activate) the root key at start.
select ves.upsert_bootstrap_key(key_hash => %(key_hash)s);

-- name: create_api_key
-- Store a minted key by its hash.
select ves.create_api_key(
  key_hash => %(key_hash)s,
  tenant_id => %(tenant_id)s,
  store_ids => %(store_ids)s,
  agent_id => %(agent_id)s,
  can_read => %(can_read)s,
  can_write => %(can_write)s,
  can_admin => %(can_admin)s,
  rate_limit => %(rate_limit)s
);

-- name: get_agent_keys
-- Public keys by (agent, key number); immutable, so they may be cached.
select
  agent_key.agent_id,
  agent_key.key_id,
  agent_key.key_algorithm,
  agent_key.public_key,
  agent_key.public_key_bundle
from ves.get_agent_keys(
  tenant_id => %(tenant_id)s, agent_ids => %(agent_ids)s, key_ids => %(key_ids)s
) as agent_key;

-- name: register_agent_key
-- Register a public key of an agent; the same number twice is VE301.
select ves.register_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  public_key => %(public_key)s,
  key_algorithm => %(key_algorithm)s,
  public_key_bundle => %(public_key_bundle)s,
  valid_from => %(valid_from)s,
  valid_to => %(valid_to)s
);

-- name: create_commitment
-- Commit a range; the same range again answers the stored commitment.
select commitment.*
from ves.create_commitment(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_start => %(sequence_start)s,
  sequence_end => %(sequence_end)s
) as commitment;

-- name: list_commitments
-- Commitments of a stream that are not on a chain yet, oldest first.
select commitment.*
from ves.list_commitments(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as commitment;

-- name: get_commitment
-- One commitment of a tenant (nil: of any tenant).
select commitment.*
from ves.get_commitment(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as commitment;

-- name: get_inclusion_proof
-- The path from one event to the root of its commitment.
select
  proof.sequence_number,
  proof.batch_id,
  proof.merkle_root,
  proof.leaf_hash,
  proof.leaf_index,
  proof.proof_path,
  proof.directions
from ves.get_inclusion_proof(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_number => %(sequence_number)s,
  batch_id => %(batch_id)s
) as proof;

-- name: health
-- What answers: engine version, mode, server version and its durability settings.
select
  health.engine_version,
  health.mode,
  health.server_version,
  health.fsync,
  health.synchronous_commit
from ves.health() as health;

-- name: server_is_durable
-- Raises VE901 when the server would lose acknowledged commits.
select ves.server_is_durable();

-- name: find_agent_tenant
-- The tenant in which an agent owns an API key, for the bootstrap administrator.
select ves.find_agent_tenant(agent_id => %(agent_id)s);

-- name: list_api_keys
-- The API keys of an agent, revoked ones too.
select
  api_key.key_hash_prefix,
  api_key.store_ids,
  api_key.can_read,
  api_key.can_write,
  api_key.can_admin,
  api_key.active,
  api_key.rate_limit,
  api_key.updated_at
from ves.list_api_keys(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as api_key;

-- name: revoke_api_key
-- Revoke the agent's first key whose hash starts so; 1 or 0.
select ves.revoke_api_key(
  key_hash_prefix => %(key_hash_prefix)s, tenant_id => %(tenant_id)s, agent_id => %(agent_id)s
);

-- name: ingest_legacy_events
-- Append one batch of one legacy stream. Arrays are parallel, one element an event.
select
  answer.first_sequence,
  answer.last_sequence,
  answer.head_sequence,
  answer.sequenced_at,
  answer.exceptions
from ves.ingest_legacy_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  auth_epoch => %(auth_epoch)s,
  source_agent => %(source_agent)s,
  event_ids => %(event_ids)s,
  command_ids => %(command_ids)s,
  entity_types => %(entity_types)s,
  entity_ids => %(entity_ids)s,
  event_types => %(event_types)s,
  created_at_micros => %(created_at_micros)s,
  payloads => %(payloads)s,
  payload_hashes => %(payload_hashes)s,
  base_versions => %(base_versions)s,
  envelope_versions => %(envelope_versions)s,
  signatures => %(signatures)s,
  refusals => %(refusals)s,
  refusal_messages => %(refusal_messages)s
) as answer;

-- name: get_legacy_head
-- Highest number of a legacy stream.
select ves.get_legacy_head(tenant_id => %(tenant_id)s, store_id => %(store_id)s);

-- name: list_legacy_events
-- A window of numbers of a legacy stream; payloads as text.
select
  event.sequence_number,
  event.event_id,
  event.command_id,
  event.source_agent,
  event.envelope_version,
  event.base_version,
  event.created_at,
  event.sequenced_at,
  event.entity_type,
  event.entity_id,
  event.event_type,
  event.payload_hash,
  event.signature,
  event.payload::text
from ves.list_legacy_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  from_sequence => %(from_sequence)s,
  max_events => %(max_events)s
) as event;

-- name: get_entity_history
-- A page of an entity's legacy events, each with the total; one row of nulls when the page is empty.
select
  history.total,
  (history.event).sequence_number,
  (history.event).event_id,
  (history.event).command_id,
  (history.event).source_agent,
  (history.event).envelope_version,
  (history.event).base_version,
  (history.event).created_at,
  (history.event).sequenced_at,
  (history.event).entity_type,
  (history.event).entity_id,
  (history.event).event_type,
  (history.event).payload_hash,
  (history.event).signature,
  (history.event).payload::text
from ves.get_entity_history(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  entity_type => %(entity_type)s,
  entity_id => %(entity_id)s,
  skip => %(skip)s,
  max_events => %(max_events)s
) as history;

-- name: create_legacy_commitment
-- Commit a range of a legacy stream; a start that is committed already is refused.
select commitment.*
from ves.create_legacy_commitment(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_start => %(sequence_start)s,
  sequence_end => %(sequence_end)s
) as commitment;

-- name: list_legacy_commitments
-- Commitments of a legacy stream that are not on a chain yet, oldest first.
select commitment.*
from ves.list_legacy_commitments(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as commitment;

-- name: get_legacy_commitment
-- One legacy commitment of a tenant (nil: of any tenant).
select commitment.*
from ves.get_legacy_commitment(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as commitment;

-- name: get_legacy_inclusion_proof
-- The path from one legacy event to the root of its commitment.
select
  proof.sequence_number,
  proof.batch_id,
  proof.merkle_root,
  proof.leaf_hash,
  proof.leaf_index,
  proof.proof_path,
  proof.directions
from ves.get_legacy_inclusion_proof(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_number => %(sequence_number)s,
  batch_id => %(batch_id)s
) as proof;

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
  event.payload
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
  proof.proof
from ves.store_compliance_proof(
  tenant_id => %(tenant_id)s,
  event_id => %(event_id)s,
  proof_type => %(proof_type)s,
  proof_version => %(proof_version)s,
  policy_id => %(policy_id)s,
  policy_params => %(policy_params)s,
  policy_hash => %(policy_hash)s,
  proof => %(proof)s,
  public_inputs_hash => %(public_inputs_hash)s,
  witness_commitment => %(witness_commitment)s,
  proof_options => %(proof_options)s,
  amount_binding => %(amount_binding)s
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
  proof.proof
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
  proof.proof
from ves.get_compliance_proof(tenant_id => %(tenant_id)s, proof_id => %(proof_id)s) as proof;

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
  proof.proof
from ves.submit_validity_proof(
  tenant_id => %(tenant_id)s,
  batch_id => %(batch_id)s,
  proof_type => %(proof_type)s,
  proof_version => %(proof_version)s,
  proof => %(proof)s
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
  proof.proof
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
  proof.proof
from ves.get_validity_proof(tenant_id => %(tenant_id)s, proof_id => %(proof_id)s) as proof;

-- name: verify_validity_proof
-- The verdict of the engine on a stored validity proof of a tenant.
select
  verdict.proof_hash_match,
  verdict.public_inputs_match,
  verdict.stark_error,
  verdict.valid,
  verdict.reason
from ves.verify_validity_proof(proof_id => %(proof_id)s, tenant_id => %(tenant_id)s) as verdict;
