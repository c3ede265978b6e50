create or replace function ves.get_legacy_commitment(tenant_id uuid, batch_id uuid)
returns setof ves.legacy_commitment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select (ves_int.legacy_commitment_of(c.tenant_id, c.batch_id)).*
  from ves_store.commitments as c
  where c.batch_id = get_legacy_commitment.batch_id
    and (
      c.tenant_id = get_legacy_commitment.tenant_id
      or get_legacy_commitment.tenant_id = '00000000-0000-0000-0000-000000000000'
    );
$$;

comment on function ves.get_legacy_commitment(uuid, uuid) is
'One legacy commitment of a tenant; the nil tenant looks in all (bootstrap administrator). No row when there is none.';
