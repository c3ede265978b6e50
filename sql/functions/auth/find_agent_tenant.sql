create or replace function ves.find_agent_tenant(agent_id uuid)
returns uuid
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select k.tenant_id from ves_store.api_keys as k where k.agent_id = find_agent_tenant.agent_id
  order by k.updated_at desc, k.key_hash limit 1;
$$;

comment on function ves.find_agent_tenant(uuid) is 'Tenant of the agent''s most recently changed API key, for the bootstrap administrator; null when it has none.';
