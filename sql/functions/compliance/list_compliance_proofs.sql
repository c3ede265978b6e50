create or replace function ves.list_compliance_proofs(tenant_id uuid, event_id uuid)
returns setof ves.compliance_proof
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    r.proof_id, r.event_id, r.tenant_id, r.store_id, r.proof_type, r.proof_version, r.policy_id, r.policy_params,
    r.policy_hash, r.proof_hash, r.public_inputs, r.public_inputs_hash, r.witness_commitment, r.proof_options,
    r.amount_binding, r.submitted_at, null::bytea, null::bytea
  from ves_int.compliance_proof_records as r
  where r.event_id = list_compliance_proofs.event_id and r.tenant_id = list_compliance_proofs.tenant_id
  order by r.submitted_at, r.proof_id
  limit 1000;
$$;

comment on function ves.list_compliance_proofs(uuid, uuid) is
'Compliance proofs of an event, oldest first, at most 1,000, without their bytes.';
