create or replace function ves.list_heads(tenant_id uuid default null)
returns table (tenant_id uuid, store_id uuid, head_sequence bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.tenant_id, c.store_id, c.current_sequence
  from ves_store.ves_sequence_counters as c
  where c.tenant_id between coalesce(list_heads.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(list_heads.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    and c.current_sequence > 0;
$$;

comment on function ves.list_heads(uuid) is
'Heads of all VES streams of a tenant, or of all tenants, in one snapshot; streams without events are left out.';
