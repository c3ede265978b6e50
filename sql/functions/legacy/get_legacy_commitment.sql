create or replace function ves.get_legacy_commitment(tenant_id uuid, batch_id uuid)
returns setof ves.legacy_commitment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.*
  from ves_int.legacy_commitments as c
  where c.batch_id = get_legacy_commitment.batch_id
    and get_legacy_commitment.tenant_id in (c.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_legacy_commitment(uuid, uuid) is
'One legacy commitment of a tenant; the nil tenant looks in all (bootstrap administrator). No row when there is none.';
