-- Locks the old key's row and the successor's, in the order of their numbers.
-- Locks (sql/README.md): 5.
create or replace function ves_int.rotate_to_key(
  tenant_id uuid, agent_id uuid, key_id integer, new_key_id integer, public_key bytea, key_algorithm integer,
  public_key_bundle bytea, valid_to timestamptz, grace_period interval, revoke_old boolean, reason text,
  proof_of_possession bytea, proof_of_possession_bundle bytea, context jsonb
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
  v_old ves_store.agent_signing_keys;
  v_new ves_store.agent_signing_keys;
  v_status text;
  v_rotation ves.key_rotation;
begin
  perform ves_int.check_rotation(
    rotate_to_key.key_id, rotate_to_key.new_key_id, rotate_to_key.grace_period, rotate_to_key.reason);
  perform from ves_store.agent_signing_keys as k
  where k.agent_id = rotate_to_key.agent_id and k.tenant_id = rotate_to_key.tenant_id
    and k.key_id in (rotate_to_key.key_id, rotate_to_key.new_key_id)
  order by k.key_id
  for update;
  select k.* into v_old from ves_store.agent_signing_keys as k
  where k.agent_id = rotate_to_key.agent_id and k.key_id = rotate_to_key.key_id
    and k.tenant_id = rotate_to_key.tenant_id;
  if not found then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  v_status := ves_int.effective_key_status(
    v_old.status, v_old.revoked_at, v_old.valid_from, v_old.valid_to, v_old.expires_at, clock_timestamp());
  if v_status <> 'active' then
    perform ves_int.raise_error('agent_key_not_active', jsonb_build_object('status', v_status));
  end if;
  if rotate_to_key.public_key is not null or rotate_to_key.public_key_bundle is not null then
    perform ves_int.put_agent_key(
      rotate_to_key.tenant_id, rotate_to_key.agent_id, rotate_to_key.new_key_id, rotate_to_key.public_key,
      coalesce(rotate_to_key.key_algorithm, v_old.key_algorithm), rotate_to_key.public_key_bundle, null,
      rotate_to_key.valid_to, rotate_to_key.proof_of_possession, rotate_to_key.proof_of_possession_bundle,
      rotate_to_key.context);
  end if;
  select k.* into v_new from ves_store.agent_signing_keys as k
  where k.agent_id = rotate_to_key.agent_id and k.key_id = rotate_to_key.new_key_id
    and k.tenant_id = rotate_to_key.tenant_id;
  if not found then
    perform ves_int.raise_error('agent_key_not_found', '{}', 'The new key is not registered');
  end if;
  if ves_int.key_type(v_new.key_algorithm) <> ves_int.key_type(v_old.key_algorithm) then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "keyAlgorithm"}', 'The new key is not for the same use as the old one');
  end if;
  v_status := ves_int.effective_key_status(
    v_new.status, v_new.revoked_at, v_new.valid_from, v_new.valid_to, v_new.expires_at, clock_timestamp());
  if v_status not in ('active', 'not_yet_valid') then
    perform ves_int.raise_error(
      'agent_key_not_active', jsonb_build_object('status', v_status), 'The new key cannot take over');
  end if;
  v_rotation := ves_int.hand_over(
    v_old, rotate_to_key.new_key_id, coalesce(rotate_to_key.revoke_old, false) or rotate_to_key.reason = 'compromise',
    coalesce(
      rotate_to_key.grace_period,
      ves_int.grace_period(v_old.tenant_id, v_old.agent_id, ves_int.key_type(v_old.key_algorithm))),
    rotate_to_key.reason, rotate_to_key.context);
  perform ves_int.audit(
    'agent_key_rotated', v_old.tenant_id, 'agent_key', ves_int.key_name(v_old.agent_id, v_old.key_id),
    to_jsonb(v_rotation) || jsonb_build_object('reason', rotate_to_key.reason), rotate_to_key.context);
  return v_rotation;
end
$$;

comment on function ves_int.rotate_to_key(uuid, uuid, integer, integer, bytea, integer, bytea, timestamptz, interval, boolean, text, bytea, bytea, jsonb) is
'Rotates an active key to a new one, which is registered here when its bytes are given; judges no proof of possession. Errors: VE203, VE208 a key is not active, VE301, VE201, VE007, VE008.';
