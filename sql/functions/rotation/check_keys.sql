-- A key is compared with its policy when its date comes, not at every call: what can change the verdict sets
-- the date (ves_int.check_keys_now), so keys that are not due cost nothing.
-- Locks (sql/README.md): 5, skipping locked ones.
create or replace function ves_int.check_keys(at timestamptz, max_keys integer)
returns bigint
language sql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  with checked as materialized (
    select k.tenant_id, k.agent_id, k.key_id
    from ves_store.agent_signing_keys as k
    where k.check_at <= check_keys.at
    order by k.check_at
    limit max_keys
    for no key update skip locked
  ),
  judged as materialized (
    select
      c.*, r.key_type, r.enforce_expiry, r.auto_rotate, r.due_by_age, r.valid_from,
      coalesce(r.usage_count >= r.max_usage_count, false) as is_used_up,
      coalesce(r.valid_from <= check_keys.at, true) and coalesce(r.valid_to >= check_keys.at, true)
      and coalesce(r.usage_count >= r.max_usage_count or r.due_by_age <= check_keys.at, false) as is_due
    from checked as c
    -- "limit" keeps the planner from making the rules of all keys first
    left join lateral (
      select k.* from ves_int.key_rules as k
      where c.agent_id = k.agent_id and c.key_id = k.key_id and c.tenant_id = k.tenant_id
      limit 1
    ) as r on true
  ),
  scheduled as (
    insert into ves_store.scheduled_key_rotations (
      tenant_id, agent_id, key_type, current_key_id, scheduled_at, reason
    )
    select
      j.tenant_id, j.agent_id, j.key_type, j.key_id, check_keys.at,
      case when j.is_used_up then 'usage_limit' else 'age_limit' end
    from judged as j
    where j.is_due and (j.enforce_expiry or (j.auto_rotate and (
      select ves_int.successor_of(k, null)
      from ves_store.agent_signing_keys as k
      where k.agent_id = j.agent_id and k.key_id = j.key_id and k.tenant_id = j.tenant_id
    ) is not null))
    order by j.agent_id, j.key_id, j.tenant_id
    on conflict (agent_id, current_key_id, tenant_id) where status in ('pending', 'in_progress') do nothing
  ),
  dated as (
    update ves_store.agent_signing_keys as k
    set check_at = case
      when not j.is_due then least(
        case when j.valid_from > check_keys.at then j.valid_from end,
        case when j.due_by_age > check_keys.at then j.due_by_age end)
    end
    from judged as j
    where k.agent_id = j.agent_id and k.key_id = j.key_id and k.tenant_id = j.tenant_id
    returning 1
  )
  select count(*) from dated;
$$;

comment on function ves_int.check_keys(timestamptz, integer) is
'Compares up to max_keys keys whose check_at has come with their rotation policies: schedules the rotation of those that are due and sets when each is compared next; how many. Locked keys are left for the next call.';
