create or replace function ves_int.sequenced_to(tenant_id uuid, store_id uuid)
returns bigint
language plpgsql -- whose plan is kept; that of a SQL function is made again for each call
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return coalesce((
    select c.current_sequence from ves_store.ves_sequence_counters as c
    where c.tenant_id = sequenced_to.tenant_id and c.store_id = sequenced_to.store_id
  ), 0);
end
$$;

comment on function ves_int.sequenced_to(uuid, uuid) is 'Last number of a VES stream; 0 when there is none.';
