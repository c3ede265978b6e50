create or replace function ves.list_agent_keys(tenant_id uuid, agent_id uuid default null)
returns table (
  agent_id uuid, key_id bigint, key_algorithm smallint, public_key bytea, status text,
  valid_from timestamptz, valid_to timestamptz, revoked_at timestamptz, created_at timestamptz
)
language sql
stable
security definer
set search_path to ''
as $$
  select
    k.agent_id, k.key_id::bigint & 4294967295, k.key_algorithm, k.public_key, k.status,
    k.valid_from, k.valid_to, k.revoked_at, k.created_at
  from ves_store.agent_signing_keys as k
  where k.tenant_id = list_agent_keys.tenant_id
    and (list_agent_keys.agent_id is null or k.agent_id = list_agent_keys.agent_id)
  order by k.agent_id, k.key_id::bigint & 4294967295
  limit 1000;
$$;

comment on function ves.list_agent_keys(uuid, uuid) is 'Agent keys by agent and key number, at most 1,000 (VES 6.2).';
