create or replace function ves.get_next_agent_key_id(tenant_id uuid, agent_id uuid)
returns bigint
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select coalesce(max(k.key_id::bigint & 4294967295), 0) + 1
  from ves_store.agent_signing_keys as k
  where k.agent_id = get_next_agent_key_id.agent_id and k.tenant_id = get_next_agent_key_id.tenant_id;
$$;

comment on function ves.get_next_agent_key_id(uuid, uuid) is
'The number after the highest one that the agent has used, from 1. After 4294967295 it answers 4294967296, which no function takes.';
