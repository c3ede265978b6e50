-- Locks (sql/README.md): 5, shared.
create or replace function ves.schedule_key_rotation(
  tenant_id uuid, agent_id uuid, key_id integer, scheduled_at timestamptz, reason text default 'manual',
  new_key_id integer default null, context jsonb default null
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
  v_key ves_store.agent_signing_keys;
  v_rotation_id uuid;
begin
  perform ves_int.require_fields(jsonb_build_object('scheduledAt', scheduled_at));
  if not isfinite(scheduled_at) then
    perform ves_int.raise_error('invalid_field', '{"field": "scheduledAt"}');
  end if;
  perform ves_int.check_rotation(key_id, coalesce(new_key_id, key_id # 1), null, reason);
  select k.* into v_key
  from ves_store.agent_signing_keys as k
  where k.agent_id = schedule_key_rotation.agent_id and k.key_id = schedule_key_rotation.key_id
    and k.tenant_id = schedule_key_rotation.tenant_id
  for share;
  if not found then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  if v_key.status = 'revoked' or v_key.expires_at is not null then
    perform ves_int.raise_error('agent_key_not_active', jsonb_build_object('status', ves_int.effective_key_status(
      v_key.status, v_key.revoked_at, v_key.valid_from, v_key.valid_to, v_key.expires_at, clock_timestamp())));
  end if;
  insert into ves_store.scheduled_key_rotations as r (
    tenant_id, agent_id, key_type, current_key_id, scheduled_at, reason, new_key_id
  )
  values (
    v_key.tenant_id, v_key.agent_id, ves_int.key_type(v_key.key_algorithm), v_key.key_id,
    schedule_key_rotation.scheduled_at, schedule_key_rotation.reason, schedule_key_rotation.new_key_id
  )
  on conflict (agent_id, current_key_id, tenant_id) where status in ('pending', 'in_progress') do update set
    scheduled_at = excluded.scheduled_at, reason = excluded.reason, new_key_id = excluded.new_key_id
  returning r.rotation_id into v_rotation_id;
  perform ves_int.audit(
    'custom:key_rotation_scheduled', v_key.tenant_id, 'agent_key', ves_int.key_name(v_key.agent_id, v_key.key_id),
    jsonb_build_object('rotation_id', v_rotation_id, 'scheduled_at', scheduled_at, 'reason', reason), context);
  return v_rotation_id;
end
$$;

comment on function ves.schedule_key_rotation(uuid, uuid, integer, timestamptz, text, integer, jsonb) is
'Has the keys worker retire a key at an instant, in favour of new_key_id or of a later key of the agent; with reason compromise it is revoked, else it has the policy''s grace period. A key has one open rotation: calling again changes it. Errors: VE203, VE208, VE007, VE008.';
