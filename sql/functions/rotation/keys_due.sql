-- The policy of the agent wins over the tenant's, whole. Only active keys are looked at: a retired one is done.
create or replace function ves_int.keys_due(tenant_id uuid, at timestamptz)
returns table (
  tenant_id uuid, agent_id uuid, key_id integer, key_type text, reason text, due_at timestamptz,
  usage_count bigint, is_due boolean, successor integer, enforce_expiry boolean, auto_rotate boolean
)
language sql
stable
set search_path to ''
as $$
  with governed as (
    select k.*, ves_int.key_type(k.key_algorithm) as key_type
    from ves_store.agent_signing_keys as k
    where k.status <> 'revoked' and k.expires_at is null
      and (keys_due.tenant_id is null or k.tenant_id = keys_due.tenant_id)
      and k.tenant_id in (select p.tenant_id from ves_store.key_rotation_policies as p)
      and ves_int.effective_key_status(
        k.status, k.revoked_at, k.valid_from, k.valid_to, k.expires_at, keys_due.at) = 'active'
  ),
  measured as (
    select
      g.*, p.enforce_expiry, p.auto_rotate, p.max_usage_count, p.warning_threshold_hours,
      coalesce(u.usage_count, 0) as usage_count,
      coalesce(g.valid_from, g.created_at) + p.max_age_hours * interval '1 hour' as due_by_age
    from governed as g
    cross join lateral (
      select p.*
      from ves_store.key_rotation_policies as p
      where p.tenant_id = g.tenant_id and p.key_type = g.key_type and (p.agent_id = g.agent_id or p.agent_id is null)
      order by p.agent_id nulls last
      limit 1
    ) as p
    left join ves_store.key_usage_counters as u
      on u.agent_id = g.agent_id and u.key_id = g.key_id and u.tenant_id = g.tenant_id and u.key_type = g.key_type
  )
  select
    m.tenant_id, m.agent_id, m.key_id, m.key_type,
    case when m.usage_count >= m.max_usage_count then 'usage_limit' else 'age_limit' end,
    m.due_by_age, m.usage_count,
    coalesce(m.usage_count >= m.max_usage_count, false) or coalesce(m.due_by_age <= keys_due.at, false),
    (
      select n.key_id
      from ves_store.agent_signing_keys as n
      where n.agent_id = m.agent_id and n.tenant_id = m.tenant_id and n.key_id <> m.key_id
        and n.created_at > m.created_at and ves_int.key_type(n.key_algorithm) = m.key_type
        and ves_int.effective_key_status(
          n.status, n.revoked_at, n.valid_from, n.valid_to, n.expires_at, keys_due.at) in ('active', 'not_yet_valid')
      order by n.created_at, n.key_id
      limit 1
    ),
    m.enforce_expiry, m.auto_rotate
  from measured as m
  where m.usage_count >= m.max_usage_count
    or m.due_by_age <= keys_due.at + m.warning_threshold_hours * interval '1 hour';
$$;

comment on function ves_int.keys_due(uuid, timestamptz) is
'Active keys that a policy makes due at an instant, or within its warning threshold, each with the oldest key that was registered after it and could take over.';
