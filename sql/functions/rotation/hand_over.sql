create or replace function ves_int.hand_over(
  old ves_store.agent_signing_keys, new_key_id integer, revoke_old boolean, grace_period interval,
  reason text, context jsonb
)
returns ves.key_rotation
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_old ves_store.agent_signing_keys := old;
begin
  -- a successor that was to become valid later is valid from now on
  update ves_store.agent_signing_keys as k
  set valid_from = v_now
  where k.agent_id = v_old.agent_id and k.key_id = hand_over.new_key_id and k.tenant_id = v_old.tenant_id
    and k.valid_from > v_now;
  v_old := ves_int.retire_agent_key(v_old, revoke_old, grace_period, reason, new_key_id, context);
  perform ves_int.log_key_change(
    'key_rotated', v_old.tenant_id, v_old.agent_id, ves_int.key_type(v_old.key_algorithm), v_old.key_id,
    new_key_id, jsonb_build_object('reason', reason), context);
  update ves_store.scheduled_key_rotations as r
  set status = 'completed', new_key_id = hand_over.new_key_id, completed_at = clock_timestamp()
  where r.agent_id = v_old.agent_id and r.current_key_id = v_old.key_id and r.tenant_id = v_old.tenant_id
    and r.status in ('pending', 'in_progress');
  return row(
    v_old.key_id::bigint & 4294967295,
    ves_int.effective_key_status(
      v_old.status, v_old.revoked_at, v_old.valid_from, v_old.valid_to, v_old.expires_at, clock_timestamp()),
    new_key_id::bigint & 4294967295,
    coalesce(v_old.revoked_at, v_old.expires_at),
    case when v_old.status <> 'revoked' then v_old.valid_to end
  )::ves.key_rotation;
end
$$;

comment on function ves_int.hand_over(ves_store.agent_signing_keys, integer, boolean, interval, text, jsonb) is
'Retires a locked key in favour of a registered one, which becomes valid now if it was not yet; completes the rotation that was scheduled for it.';
