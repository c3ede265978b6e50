create or replace view ves_int.compliance_proof_records as
select
  p.proof_id, p.event_id, p.tenant_id, p.store_id, p.proof_type, p.proof_version, p.policy_id,
  p.policy_params, p.policy_hash, p.proof_hash, p.public_inputs, p.public_inputs_hash,
  coalesce(p.witness_commitment, w.witness_commitment) as witness_commitment, p.proof_options,
  p.amount_binding, p.submitted_at, p.proof, p.proof_key_id
from ves_store.ves_compliance_proofs as p
left join ves_store.ves_compliance_witnesses as w on p.proof_id = w.proof_id and p.tenant_id = w.tenant_id;

comment on view ves_int.compliance_proof_records is
'Compliance proofs in the shape of ves.compliance_proof, with a witness commitment that came later.';
