create or replace function ves.is_key_in_grace_period(
  tenant_id uuid, agent_id uuid, key_id integer, at timestamptz default null
)
returns boolean
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select coalesce(ves.get_key_effective_status(tenant_id, agent_id, key_id, at) = 'in_grace', false);
$$;

comment on function ves.is_key_in_grace_period(uuid, uuid, integer, timestamptz) is
'Whether a key was rotated and still verifies at an instant (now when left out). False for an unknown key.';
