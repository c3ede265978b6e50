create or replace function ves.get_validity_proof(tenant_id uuid, proof_id uuid, decrypt boolean default true)
returns setof ves.validity_proof
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select o.*
  from ves_store.ves_validity_proofs as p
  cross join lateral ves_int.open_validity_proof(row(
    p.proof_id, p.batch_id, p.tenant_id, p.store_id, p.proof_type, p.proof_version, p.proof_hash, p.public_inputs,
    p.public_inputs_hash, p.submitted_at, p.proof, p.proof_key_id
  )::ves.validity_proof, decrypt) as o
  where p.proof_id = get_validity_proof.proof_id
    and get_validity_proof.tenant_id in (p.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_validity_proof(uuid, uuid, boolean) is
'One validity proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator). Bytes that are encrypted at rest are decrypted unless decrypt is false. No row when there is none. Errors when decrypting: VE204 in core mode, VE510, VE512.';
