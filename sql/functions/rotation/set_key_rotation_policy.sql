create or replace function ves.set_key_rotation_policy(
  tenant_id uuid, agent_id uuid default null, key_type text default 'signing',
  max_age_hours integer default null, max_usage_count bigint default null,
  warning_threshold_hours integer default 24, grace_period_hours integer default 72,
  enforce_expiry boolean default true, auto_rotate boolean default false, context jsonb default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_policy ves_store.key_rotation_policies;
begin
  perform ves_int.check_rotation_policy(
    tenant_id, key_type, max_age_hours, max_usage_count, warning_threshold_hours, grace_period_hours);
  insert into ves_store.key_rotation_policies as p (
    tenant_id, agent_id, key_type, max_age_hours, max_usage_count, warning_threshold_hours, grace_period_hours,
    enforce_expiry, auto_rotate
  )
  values (
    set_key_rotation_policy.tenant_id, set_key_rotation_policy.agent_id, set_key_rotation_policy.key_type,
    set_key_rotation_policy.max_age_hours, set_key_rotation_policy.max_usage_count,
    coalesce(set_key_rotation_policy.warning_threshold_hours, 24),
    coalesce(set_key_rotation_policy.grace_period_hours, 72), coalesce(set_key_rotation_policy.enforce_expiry, true),
    coalesce(set_key_rotation_policy.auto_rotate, false)
  )
  on conflict (tenant_id, agent_id, key_type) do update set
    max_age_hours = excluded.max_age_hours, max_usage_count = excluded.max_usage_count,
    warning_threshold_hours = excluded.warning_threshold_hours, grace_period_hours = excluded.grace_period_hours,
    enforce_expiry = excluded.enforce_expiry, auto_rotate = excluded.auto_rotate, updated_at = clock_timestamp()
  returning p.* into v_policy;
  perform ves_int.check_keys_now(v_policy.tenant_id, v_policy.agent_id);
  perform ves_int.log_key_change(
    'policy_updated', v_policy.tenant_id, v_policy.agent_id, v_policy.key_type, null, null,
    to_jsonb(v_policy) - '{tenant_id,agent_id,key_type,created_at,updated_at}'::text[], context);
  perform ves_int.audit(
    'custom:key_rotation_policy_set', v_policy.tenant_id, 'key_rotation_policy', v_policy.policy_id::text,
    to_jsonb(v_policy) - '{tenant_id,created_at,updated_at}'::text[], context);
  return v_policy.policy_id;
end
$$;

comment on function ves.set_key_rotation_policy(uuid, uuid, text, integer, bigint, integer, integer, boolean, boolean, jsonb) is
'Makes or replaces the rotation policy of a tenant (agent_id null) or of one agent. A key is due max_age_hours after its validity began or after max_usage_count uses; ves.list_key_rotations_due names it warning_threshold_hours before. A due key hands over to a registered successor (auto_rotate), or is retired with or without one (enforce_expiry); it still verifies for grace_period_hours. Hours up to 876,000. Errors: VE007, VE008.';
