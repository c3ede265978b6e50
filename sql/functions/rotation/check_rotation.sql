create or replace function ves_int.check_rotation(
  key_id integer, new_key_id integer, grace_period interval, reason text
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  perform ves_int.require_fields(jsonb_build_object('newKeyId', new_key_id, 'reason', reason));
  if reason not in ('age_limit', 'usage_limit', 'manual', 'expiry', 'compromise', 'policy_change') then
    perform ves_int.raise_error('invalid_field', '{"field": "reason"}', 'reason is not known');
  end if;
  if key_id = new_key_id then
    perform ves_int.raise_error('invalid_field', '{"field": "newKeyId"}', 'newKeyId is the number of the old key');
  end if;
  if grace_period not between interval '0' and interval '3650 days' then
    perform ves_int.raise_error('invalid_field', '{"field": "gracePeriod"}', 'The grace period is not 0 to 3,650 days');
  end if;
end
$$;

comment on function ves_int.check_rotation(integer, integer, interval, text) is
'Raises VE007 or VE008 unless the members of a rotation can be used.';
