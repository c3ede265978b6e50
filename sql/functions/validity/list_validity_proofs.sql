create or replace function ves.list_validity_proofs(tenant_id uuid, batch_id uuid)
returns setof ves.validity_proof
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    p.proof_id, p.batch_id, p.tenant_id, p.store_id, p.proof_type, p.proof_version, p.proof_hash, p.public_inputs,
    p.public_inputs_hash, p.submitted_at, null::bytea, null::bytea
  from ves_store.ves_validity_proofs as p
  where p.batch_id = list_validity_proofs.batch_id and p.tenant_id = list_validity_proofs.tenant_id
  order by p.submitted_at, p.proof_id
  limit 1000;
$$;

comment on function ves.list_validity_proofs(uuid, uuid) is
'Validity proofs of a commitment, oldest first, at most 1,000, without their bytes.';
