create or replace function ves.admin_tenants(tenant_id uuid default null, max_rows integer default 200)
returns table (
  tenant_id uuid, agent_count bigint, api_key_count bigint, active_api_keys bigint, store_count bigint,
  total_head_sequence bigint, ves_head_sequence bigint, active_stores_24h bigint, max_projection_lag bigint,
  last_key_at timestamptz, last_activity_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  with keys as (
    select a.tenant_id, count(distinct a.agent_id) as agent_count, count(*) as api_key_count,
      count(*) filter (where a.active) as active_api_keys, max(a.updated_at) as last_key_at
    from ves_store.api_keys as a
    where a.tenant_id between coalesce(admin_tenants.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(admin_tenants.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    group by a.tenant_id
  ),
  stores as (
    select f.tenant_id, count(*) as store_count, sum(f.head_sequence)::bigint as total_head_sequence,
      sum(f.ves_head_sequence)::bigint as ves_head_sequence,
      count(*) filter (where f.updated_at >= now() - interval '24 hours') as active_stores_24h,
      max(f.head_sequence - f.projected_sequence) as max_projection_lag, max(f.updated_at) as last_activity_at
    from ves_int.store_figures(admin_tenants.tenant_id) as f
    group by f.tenant_id
  )
  select k.tenant_id, k.agent_count, k.api_key_count, k.active_api_keys, coalesce(s.store_count, 0),
    coalesce(s.total_head_sequence, 0), coalesce(s.ves_head_sequence, 0), coalesce(s.active_stores_24h, 0),
    coalesce(s.max_projection_lag, 0), k.last_key_at, s.last_activity_at
  from keys as k left join stores as s on s.tenant_id = k.tenant_id
  order by k.last_key_at desc, k.tenant_id
  limit greatest(coalesce(admin_tenants.max_rows, 200), 0);
$$;

comment on function ves.admin_tenants(uuid, integer) is
'Tenants that own an API key, the one with the latest key change first, with the figures of ves.admin_overview (http-api 11).';
