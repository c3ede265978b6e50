create or replace function ves.is_agent_key_valid(
  tenant_id uuid, agent_id uuid, key_id integer, at timestamptz default null
)
returns boolean
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select coalesce(ves.get_key_effective_status(tenant_id, agent_id, key_id, at) in ('active', 'in_grace'), false);
$$;

comment on function ves.is_agent_key_valid(uuid, uuid, integer, timestamptz) is
'Whether a signature under this key would be accepted at an instant (now when left out): the key is active or in its grace period. False for an unknown key.';
