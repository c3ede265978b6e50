-- The policy of the agent wins over the tenant's, whole. Only active keys are looked at: a retired one is
-- done. Status and key type are written out, because calling their functions for every key costs ten times
-- the scan.
create or replace function ves_int.keys_due(tenant_id uuid, at timestamptz)
returns table (
  tenant_id uuid, agent_id uuid, key_id integer, key_type text, reason text, due_at timestamptz,
  usage_count bigint, is_due boolean, enforce_expiry boolean, auto_rotate boolean
)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_nestloop to off
as $$
  with active as (
    select
      k.tenant_id, k.agent_id, k.key_id, coalesce(k.valid_from, k.created_at) as began_at,
      case when k.key_algorithm in (2, 4, 6) then 'encryption' else 'signing' end as key_type
    from ves_store.agent_signing_keys as k
    where k.status <> 'revoked' and k.expires_at is null
      and coalesce(k.valid_from <= keys_due.at, true) and coalesce(k.valid_to >= keys_due.at, true)
      and (keys_due.tenant_id is null or k.tenant_id = keys_due.tenant_id)
      and k.tenant_id in (select p.tenant_id from ves_store.key_rotation_policies as p)
  ),
  measured as (
    select
      a.*,
      case when own.policy_id is null then whole.enforce_expiry else own.enforce_expiry end as enforce_expiry,
      case when own.policy_id is null then whole.auto_rotate else own.auto_rotate end as auto_rotate,
      case when own.policy_id is null then whole.max_usage_count else own.max_usage_count end as max_usage_count,
      case when own.policy_id is null then whole.warning_threshold_hours else own.warning_threshold_hours end
        * interval '1 hour' as warning,
      a.began_at + case when own.policy_id is null then whole.max_age_hours else own.max_age_hours end
        * interval '1 hour' as due_by_age,
      coalesce(u.usage_count, 0) as usage_count
    from active as a
    left join ves_store.key_rotation_policies as own
      on own.tenant_id = a.tenant_id and own.agent_id = a.agent_id and own.key_type = a.key_type
    left join (
      select p.* from ves_store.key_rotation_policies as p where p.agent_id is null
    ) as whole on whole.tenant_id = a.tenant_id and whole.key_type = a.key_type
    left join ves_store.key_usage_counters as u
      on u.agent_id = a.agent_id and u.key_id = a.key_id and u.tenant_id = a.tenant_id and u.key_type = a.key_type
  )
  select
    m.tenant_id, m.agent_id, m.key_id, m.key_type,
    case when m.usage_count >= m.max_usage_count then 'usage_limit' else 'age_limit' end,
    m.due_by_age, m.usage_count,
    coalesce(m.usage_count >= m.max_usage_count, false) or coalesce(m.due_by_age <= keys_due.at, false),
    m.enforce_expiry, m.auto_rotate
  from measured as m
  where m.usage_count >= m.max_usage_count or m.due_by_age <= keys_due.at + m.warning;
$$;

comment on function ves_int.keys_due(uuid, timestamptz) is
'Active keys that a policy makes due at an instant, or within its warning threshold.';
