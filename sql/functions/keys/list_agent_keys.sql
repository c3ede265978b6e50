create or replace function ves.list_agent_keys(
  tenant_id uuid, agent_id uuid default null, key_type text default null, at timestamptz default null
)
returns table (
  agent_id uuid, key_id bigint, key_type text, key_algorithm smallint, public_key bytea,
  public_key_bundle bytea, status text, valid_from timestamptz, valid_to timestamptz, revoked_at timestamptz,
  expires_at timestamptz, grace_until timestamptz, rotation_reason text, created_at timestamptz,
  usage_count bigint, last_used_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    k.agent_id, k.key_id::bigint & 4294967295, t.key_type, k.key_algorithm, k.public_key, k.public_key_bundle,
    ves_int.effective_key_status(
      k.status, k.revoked_at, k.valid_from, k.valid_to, k.expires_at,
      coalesce(list_agent_keys.at, clock_timestamp())),
    k.valid_from, k.valid_to, k.revoked_at, k.expires_at, k.grace_until, k.rotation_reason, k.created_at,
    coalesce(u.usage_count, 0), u.last_used_at
  from ves_store.agent_signing_keys as k
  cross join lateral ves_int.key_type(k.key_algorithm) as t (key_type)
  left join ves_store.key_usage_counters as u
    on u.agent_id = k.agent_id and u.key_id = k.key_id and u.tenant_id = k.tenant_id and u.key_type = t.key_type
  where k.tenant_id = list_agent_keys.tenant_id
    and k.agent_id between coalesce(list_agent_keys.agent_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(list_agent_keys.agent_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    and (list_agent_keys.key_type is null or t.key_type = list_agent_keys.key_type)
  order by k.agent_id, k.key_id::bigint & 4294967295
  limit 1000;
$$;

comment on function ves.list_agent_keys(uuid, uuid, text, timestamptz) is
'Agent keys by agent and key number, at most 1,000 (VES 6.2). status is the effective one at an instant (now when left out), as ves.get_key_effective_status tells it. key_type signing or encryption limits the list.';
