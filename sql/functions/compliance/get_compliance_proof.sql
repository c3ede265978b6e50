create or replace function ves.get_compliance_proof(
  tenant_id uuid, proof_id uuid, decrypt boolean default true
)
returns setof ves.compliance_proof
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select o.*
  from ves_int.compliance_proof_records as r
  cross join lateral ves_int.open_compliance_proof(row(r.*)::ves.compliance_proof, decrypt) as o
  where r.proof_id = get_compliance_proof.proof_id
    and get_compliance_proof.tenant_id in (r.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_compliance_proof(uuid, uuid, boolean) is
'One compliance proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator). Bytes that are encrypted at rest are decrypted unless decrypt is false. No row when there is none. Errors when decrypting: VE204 in core mode, VE510, VE512.';
