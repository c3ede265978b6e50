create or replace function ves.get_agent(tenant_id uuid, agent_id uuid)
returns table (
  tenant_id uuid, active boolean, can_read boolean, can_write boolean, can_admin boolean, store_ids uuid[],
  rate_limit integer
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select k.tenant_id, k.active, k.can_read, k.can_write, k.can_admin, k.store_ids, k.rate_limit
  from ves_store.api_keys as k
  where k.agent_id = get_agent.agent_id
    and get_agent.tenant_id in (k.tenant_id, '00000000-0000-0000-0000-000000000000')
  order by k.updated_at desc, k.created_at, k.key_hash
  limit 1;
$$;

comment on function ves.get_agent(uuid, uuid) is
'An agent as its most recently changed API key describes it (http-api 7.3); the nil tenant looks in all (bootstrap administrator). No row when it owns none.';
