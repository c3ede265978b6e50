create or replace function ves.get_validity_proof(tenant_id uuid, proof_id uuid)
returns setof ves.validity_proof
language sql
stable
security definer
set search_path to ''
as $$
  select
    p.proof_id, p.batch_id, p.tenant_id, p.store_id, p.proof_type, p.proof_version, p.proof_hash, p.public_inputs,
    p.public_inputs_hash, p.submitted_at, p.proof
  from ves_store.ves_validity_proofs as p
  where p.proof_id = get_validity_proof.proof_id
    and (
      p.tenant_id = get_validity_proof.tenant_id
      or get_validity_proof.tenant_id = '00000000-0000-0000-0000-000000000000'
    );
$$;

comment on function ves.get_validity_proof(uuid, uuid) is
'One validity proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator). No row when there is none.';
