-- The caller holds the row's lock. Only valid_to and revoked_at count at ingest, so a grace period is a
-- valid_to.
create or replace function ves_int.retire_agent_key(
  key ves_store.agent_signing_keys, revoke boolean, grace_period interval, reason text, new_key_id integer,
  context jsonb
)
returns ves_store.agent_signing_keys
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_type constant text := ves_int.key_type((retire_agent_key.key).key_algorithm);
  v_key ves_store.agent_signing_keys;
begin
  if revoke then
    update ves_store.agent_signing_keys as k
    set status = 'revoked', revoked_at = v_now, rotation_reason = coalesce(reason, k.rotation_reason)
    where k.agent_id = (retire_agent_key.key).agent_id and k.key_id = (retire_agent_key.key).key_id
      and k.tenant_id = (retire_agent_key.key).tenant_id
    returning k.* into v_key;
    perform ves_int.log_key_change(
      'key_revoked', v_key.tenant_id, v_key.agent_id, v_type, v_key.key_id, new_key_id,
      jsonb_strip_nulls(jsonb_build_object('reason', reason)), context);
  else
    update ves_store.agent_signing_keys as k
    set
      expires_at = v_now, grace_until = v_now + grace_period, rotation_reason = reason,
      valid_to = least(k.valid_to, v_now + grace_period)
    where k.agent_id = (retire_agent_key.key).agent_id and k.key_id = (retire_agent_key.key).key_id
      and k.tenant_id = (retire_agent_key.key).tenant_id
    returning k.* into v_key;
    perform ves_int.log_key_change(
      'grace_period_started', v_key.tenant_id, v_key.agent_id, v_type, v_key.key_id, new_key_id,
      jsonb_build_object('reason', reason, 'grace_until', v_key.valid_to), context);
  end if;
  return v_key;
end
$$;

comment on function ves_int.retire_agent_key(ves_store.agent_signing_keys, boolean, interval, text, integer, jsonb) is
'Revokes a locked key from now on, or lets it expire now with a grace period in which it still verifies. Answers the changed row.';
