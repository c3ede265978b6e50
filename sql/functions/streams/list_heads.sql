create or replace function ves.list_heads(tenant_id uuid default null)
returns table (tenant_id uuid, store_id uuid, head_sequence bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.tenant_id, c.store_id, c.current_sequence
  from ves_store.ves_sequence_counters as c
  where (list_heads.tenant_id is null or c.tenant_id = list_heads.tenant_id) and c.current_sequence > 0;
$$;

comment on function ves.list_heads(uuid) is
'Heads of all VES streams of a tenant, or of all tenants, in one snapshot; streams without events are left out.';
