create or replace view rest.validity_proofs with (security_barrier) as
select
  p.tenant_id, p.store_id, p.batch_id, p.proof_id, p.proof_type, p.proof_version,
  encode(p.proof_hash, 'hex') as proof_hash, encode(p.public_inputs_hash, 'hex') as public_inputs_hash,
  p.submitted_at
from ves_store.ves_validity_proofs as p
where
  p.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(p.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.validity_proofs is 'Validity proofs of the token''s tenant (VES 12), without the proof.';
