create or replace function ves_int.sequenced_to(tenant_id uuid, store_id uuid)
returns bigint
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select coalesce((
    select c.current_sequence from ves_store.ves_sequence_counters as c
    where c.tenant_id = sequenced_to.tenant_id and c.store_id = sequenced_to.store_id
  ), 0);
$$;

comment on function ves_int.sequenced_to(uuid, uuid) is 'Last number of a VES stream; 0 when there is none.';
