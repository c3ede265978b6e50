create or replace function ves.get_validity_inputs(tenant_id uuid, batch_id uuid)
returns table (tenant_id uuid, store_id uuid, public_inputs json, public_inputs_hash bytea)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.tenant_id, c.store_id, i.inputs::json, sha256(convert_to(i.inputs, 'UTF8'))
  from ves_store.ves_commitments as c
  cross join lateral ves_int.validity_inputs_text(c) as i (inputs)
  where c.batch_id = get_validity_inputs.batch_id
    and get_validity_inputs.tenant_id in (c.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_validity_inputs(uuid, uuid) is
'Canonical public inputs of a validity proof of a commitment and their hash (VES 12); the nil tenant looks in all (bootstrap administrator). No row when there is no such commitment.';
