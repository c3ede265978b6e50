create or replace function ves.cancel_key_rotation(
  tenant_id uuid, rotation_id uuid, context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_rotation ves_store.scheduled_key_rotations;
begin
  update ves_store.scheduled_key_rotations as r
  set status = 'cancelled', completed_at = clock_timestamp(), error_message = 'cancelled by an operator'
  where r.rotation_id = cancel_key_rotation.rotation_id and r.tenant_id = cancel_key_rotation.tenant_id
    and coalesce(r.status in ('pending', 'in_progress'), false)
  returning r.* into v_rotation;
  if not found then
    return false;
  end if;
  perform ves_int.check_keys_now(v_rotation.tenant_id, v_rotation.agent_id);
  perform ves_int.audit(
    'custom:key_rotation_cancelled', v_rotation.tenant_id, 'agent_key',
    ves_int.key_name(v_rotation.agent_id, v_rotation.current_key_id),
    jsonb_build_object('rotation_id', v_rotation.rotation_id), context);
  return true;
end
$$;

comment on function ves.cancel_key_rotation(uuid, uuid, jsonb) is
'Cancels a rotation that is not done; whether there was one. A key that is retired already stays so.';
