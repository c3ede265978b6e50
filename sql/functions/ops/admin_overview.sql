create or replace function ves.admin_overview(tenant_id uuid default null)
returns table (
  tenants bigint, stores bigint, agents bigint, api_keys bigint, active_api_keys bigint,
  total_head_sequence bigint, ves_head_sequence bigint, active_stores_24h bigint, max_projection_lag bigint,
  last_activity_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select k.tenants, s.stores, k.agents, k.api_keys, k.active_api_keys, s.total_head_sequence, s.ves_head_sequence,
    s.active_stores_24h, s.max_projection_lag, s.last_activity_at
  from (
    select count(distinct a.tenant_id) as tenants, count(distinct (a.tenant_id, a.agent_id))
        filter (where a.agent_id is not null) as agents, count(*) as api_keys,
      count(*) filter (where a.active) as active_api_keys
    from ves_store.api_keys as a
    where a.tenant_id between coalesce(admin_overview.tenant_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(admin_overview.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ) as k
  cross join (
    select count(*) as stores, coalesce(sum(f.head_sequence), 0)::bigint as total_head_sequence,
      coalesce(sum(f.ves_head_sequence), 0)::bigint as ves_head_sequence,
      count(*) filter (where f.updated_at >= now() - interval '24 hours') as active_stores_24h,
      coalesce(max(f.head_sequence - f.projected_sequence), 0) as max_projection_lag, max(f.updated_at) as last_activity_at
    from ves_int.store_figures(admin_overview.tenant_id) as f
  ) as s;
$$;

comment on function ves.admin_overview(uuid) is
'Totals of a tenant, or of the whole system (http-api 11). Tenants, agents and keys are those of the API keys, revoked ones too (the bootstrap key makes the nil tenant one of them); stores, activity and last_activity_at count both streams; total_head_sequence and max_projection_lag are of the legacy streams, as in the original (the lag of the slowest projector); ves_head_sequence is of the VES streams.';
