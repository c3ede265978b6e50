create or replace function ves.admin_stores(tenant_id uuid default null, max_rows integer default 200)
returns table (
  tenant_id uuid, store_id uuid, head_sequence bigint, ves_head_sequence bigint,
  last_projected_sequence bigint, projection_lag bigint, agent_count bigint, last_agent_sync_at timestamptz,
  updated_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select f.tenant_id, f.store_id, f.head_sequence, f.ves_head_sequence, f.projected_sequence,
    f.head_sequence - f.projected_sequence, 0::bigint,
    null::timestamptz, f.updated_at
  from ves_int.store_figures(admin_stores.tenant_id) as f
  order by f.updated_at desc, f.tenant_id, f.store_id
  limit greatest(coalesce(admin_stores.max_rows, 200), 0);
$$;

comment on function ves.admin_stores(uuid, integer) is
'Stores, the latest change first (http-api 11). head_sequence and projection_lag are of the legacy stream, ves_head_sequence of the VES stream. last_projected_sequence is that of the slowest projector. No agent reports its position yet, so agent_count is 0 and last_agent_sync_at is null.';
