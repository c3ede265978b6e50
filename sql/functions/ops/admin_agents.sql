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
  select a.tenant_id, a.agent_id,
    case when bool_or(a.can_admin) then 'admin' when bool_or(a.can_write) then 'read_write' else 'read' end,
    case when bool_or(cardinality(a.store_ids) = 0) then 'all' else 'scoped' end,
    count(*), count(*) filter (where a.active), min(a.created_at), max(a.updated_at), null::uuid, null::timestamptz,
    null::bigint, null::bigint
  from ves_store.api_keys as a
  where a.agent_id is not null and (admin_agents.tenant_id is null or a.tenant_id = admin_agents.tenant_id)
  group by a.tenant_id, a.agent_id
  order by max(a.updated_at) desc, a.tenant_id, a.agent_id
  limit greatest(coalesce(admin_agents.max_rows, 200), 0);
$$;

comment on function ves.admin_agents(uuid, integer) is
'Agents that own an API key, the latest key change first (http-api 11); permissions and store_scope are the widest of their keys, revoked ones too. No agent reports its position yet, so the last four columns are null.';
