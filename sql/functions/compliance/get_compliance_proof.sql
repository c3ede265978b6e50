create or replace function ves.get_compliance_proof(tenant_id uuid, proof_id uuid)
returns setof ves.compliance_proof
language sql
stable
security definer
set search_path to ''
as $$
  select r.*
  from ves_int.compliance_proof_records as r
  where r.proof_id = get_compliance_proof.proof_id
    and (
      r.tenant_id = get_compliance_proof.tenant_id
      or get_compliance_proof.tenant_id = '00000000-0000-0000-0000-000000000000'
    );
$$;

comment on function ves.get_compliance_proof(uuid, uuid) is
'One compliance proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator). No row when there is none.';
