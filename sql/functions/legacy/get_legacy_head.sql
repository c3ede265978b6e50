create or replace function ves.get_legacy_head(tenant_id uuid, store_id uuid)
returns bigint
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select coalesce((
    select c.current_sequence from ves_store.sequence_counters as c
    where c.tenant_id = get_legacy_head.tenant_id and c.store_id = get_legacy_head.store_id
  ), 0);
$$;

comment on function ves.get_legacy_head(uuid, uuid) is 'Highest number of a legacy stream; 0 for an unknown one.';
