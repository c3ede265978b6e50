create or replace function ves.admin_agents(tenant_id uuid default null, max_rows integer default 200)
returns table (
  tenant_id uuid, agent_id uuid, permissions text, store_scope text, api_key_count bigint,
  active_api_keys bigint, first_key_at timestamptz, last_key_at timestamptz, store_id uuid,
  last_sync_at timestamptz, last_pushed_sequence bigint, last_pulled_sequence bigint
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    a.tenant_id, a.agent_id, a.permissions, a.store_scope, a.api_keys, a.active_keys, a.first_key_at, a.last_key_at,
    s.store_id, s.last_sync_at, null::bigint, s.last_pulled_sequence
  from (
    select
      k.tenant_id, k.agent_id,
      case when bool_or(k.can_admin) then 'admin' when bool_or(k.can_write) then 'read_write' else 'read' end as permissions,
      case when bool_or(cardinality(k.store_ids) = 0) then 'all' else 'scoped' end as store_scope,
      count(*) as api_keys, count(*) filter (where k.active) as active_keys, min(k.created_at) as first_key_at,
      max(k.updated_at) as last_key_at
    from ves_store.api_keys as k
    where k.agent_id is not null
      and k.tenant_id between coalesce(admin_agents.tenant_id, '00000000-0000-0000-0000-000000000000')
        and coalesce(admin_agents.tenant_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    group by k.tenant_id, k.agent_id
  ) as a
  left join ves_store.agent_sync_state as s on a.tenant_id = s.tenant_id and a.agent_id = s.agent_id
  order by a.last_key_at desc, a.tenant_id, a.agent_id, s.store_id
  limit greatest(coalesce(admin_agents.max_rows, 200), 0);
$$;

comment on function ves.admin_agents(uuid, integer) is
'Agents that own an API key, the latest key change first (http-api 11); permissions and store_scope are the widest of their keys, revoked ones too. One row for each stream that the agent has acknowledged (ves.acknowledge_events), else one with nulls; last_pushed_sequence is always null.';
