create or replace view rest.compliance_proofs with (security_barrier) as
select
  p.tenant_id, p.store_id, p.event_id, p.proof_id, p.proof_type, p.proof_version, p.policy_id,
  encode(p.policy_hash, 'hex') as policy_hash, encode(p.proof_hash, 'hex') as proof_hash, p.amount_binding,
  p.submitted_at
from ves_store.ves_compliance_proofs as p
where
  p.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(p.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.compliance_proofs is 'Compliance proofs of the token''s tenant (VES 13), without the proof, which gives the amount away.';
