-- Never waits: a key that another transaction has locked is left for the next call.
-- Locks (sql/README.md): the rotation and its keys, skipping locked ones.
create or replace function ves_int.apply_rotation(rotation_id uuid, tenant_id uuid)
returns jsonb
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_context constant jsonb := '{"actor": "keys worker", "actor_type": "system"}'::jsonb;
  v_rotation ves_store.scheduled_key_rotations;
  v_old ves_store.agent_signing_keys;
  v_successor integer;
  v_done ves.key_rotation;
  v_status text;
begin
  select r.* into v_rotation from ves_store.scheduled_key_rotations as r
  where r.rotation_id = apply_rotation.rotation_id and r.tenant_id = apply_rotation.tenant_id
  for update skip locked;
  if v_rotation.status is distinct from 'pending' then
    return null;
  end if;
  select k.* into v_old from ves_store.agent_signing_keys as k
  where k.agent_id = v_rotation.agent_id and k.key_id = v_rotation.current_key_id
    and k.tenant_id = v_rotation.tenant_id
  for update skip locked;
  if not found then
    return null;
  end if;
  v_status := ves_int.effective_key_status(
    v_old.status, v_old.revoked_at, v_old.valid_from, v_old.valid_to, v_old.expires_at, clock_timestamp());
  if v_status <> 'active' then
    update ves_store.scheduled_key_rotations as r
    set status = 'cancelled', completed_at = clock_timestamp(), error_message = 'the key is ' || v_status
    where r.rotation_id = v_rotation.rotation_id and r.tenant_id = v_rotation.tenant_id;
    return jsonb_build_object('outcome', 'cancelled');
  end if;
  v_successor := ves_int.successor_of(v_old, v_rotation.new_key_id);
  if v_successor is null and v_rotation.new_key_id is not null then
    update ves_store.scheduled_key_rotations as r
    set status = 'failed', completed_at = clock_timestamp(), error_message = 'the new key cannot take over'
    where r.rotation_id = v_rotation.rotation_id and r.tenant_id = v_rotation.tenant_id;
    update ves_store.agent_signing_keys as k set check_at = clock_timestamp()
    where k.agent_id = v_old.agent_id and k.key_id = v_old.key_id and k.tenant_id = v_old.tenant_id;
    return jsonb_build_object('outcome', 'failed');
  end if;
  if v_successor is not null then
    perform 1 from ves_store.agent_signing_keys as k
    where k.agent_id = v_old.agent_id and k.key_id = v_successor and k.tenant_id = v_old.tenant_id
    for update skip locked;
    if not found then
      return null;
    end if;
    v_done := ves_int.hand_over(
      v_old, v_successor, v_rotation.reason = 'compromise',
      ves_int.grace_period(v_old.tenant_id, v_old.agent_id, v_rotation.key_type), v_rotation.reason, v_context);
    return jsonb_build_object('outcome', 'completed', 'key', v_old.key_id, 'details', to_jsonb(v_done));
  end if;
  v_old := ves_int.retire_agent_key(
    v_old, v_rotation.reason = 'compromise',
    ves_int.grace_period(v_old.tenant_id, v_old.agent_id, v_rotation.key_type), v_rotation.reason, null, v_context);
  update ves_store.scheduled_key_rotations as r
  set status = 'in_progress'
  where r.rotation_id = v_rotation.rotation_id and r.tenant_id = v_rotation.tenant_id;
  return jsonb_build_object('outcome', 'in_progress', 'key', v_old.key_id, 'details', jsonb_build_object(
    'old_key_id', v_old.key_id::bigint & 4294967295, 'grace_until', v_old.valid_to, 'new_key_is_needed', true));
end
$$;

comment on function ves_int.apply_rotation(uuid, uuid) is
'Does one pending rotation: outcome completed, in_progress (retired, no successor), failed or cancelled; null when it is done already or locked by somebody.';
