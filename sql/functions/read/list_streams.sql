create or replace function ves.list_streams(tenant_id uuid default null, store_id uuid default null)
returns table (
  tenant_id uuid, store_id uuid, head_sequence bigint, committed_to bigint, updated_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.tenant_id, c.store_id, c.current_sequence, ves_int.committed_to(c.tenant_id, c.store_id), c.updated_at
  from (
    -- one branch for each kind of question, so that each has its index; only one of them runs
    select a.* from ves_store.ves_sequence_counters as a
    where a.tenant_id = list_streams.tenant_id and a.store_id = list_streams.store_id
    union all
    select a.* from ves_store.ves_sequence_counters as a
    where a.tenant_id = list_streams.tenant_id and list_streams.store_id is null
    union all
    select a.* from ves_store.ves_sequence_counters as a
    where list_streams.tenant_id is null
      and (list_streams.store_id is null or a.store_id = list_streams.store_id)
  ) as c
  order by c.tenant_id, c.store_id;
$$;

comment on function ves.list_streams(uuid, uuid) is 'Streams with their heads and how far they are committed: all, those of a tenant, or one.';
