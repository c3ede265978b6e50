create or replace function ves_int.check_rotation_policy(
  tenant_id uuid, key_type text, max_age_hours integer, max_usage_count bigint,
  warning_threshold_hours integer, grace_period_hours integer
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_field text;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', tenant_id, 'keyType', key_type));
  v_field := case
    when key_type not in ('signing', 'encryption') then 'keyType'
    when max_age_hours not between 1 and 876000 then 'maxAgeHours'
    when max_usage_count < 1 then 'maxUsageCount'
    when warning_threshold_hours not between 0 and 876000 then 'warningThresholdHours'
    when grace_period_hours not between 0 and 876000 then 'gracePeriodHours'
  end;
  if v_field is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_field));
  end if;
end
$$;

comment on function ves_int.check_rotation_policy(uuid, text, integer, bigint, integer, integer) is
'Raises VE007 or VE008 naming the member of a policy that cannot be used.';
