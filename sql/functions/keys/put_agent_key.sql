create or replace function ves_int.put_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, public_key bytea, key_algorithm integer,
  public_key_bundle bytea, valid_from timestamptz, valid_to timestamptz, proof_of_possession bytea,
  proof_of_possession_bundle bytea, context jsonb
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_algorithm constant integer := case when put_agent_key.key_algorithm = 0 then 1 else put_agent_key.key_algorithm end;
  v_type constant text := ves_int.key_type(put_agent_key.key_algorithm);
begin
  perform ves_int.require_fields(jsonb_build_object(
    'tenantId', put_agent_key.tenant_id, 'agentId', put_agent_key.agent_id, 'keyId', put_agent_key.key_id));
  perform ves_int.check_agent_key(
    put_agent_key.key_algorithm, put_agent_key.public_key, put_agent_key.public_key_bundle,
    put_agent_key.valid_from, put_agent_key.valid_to);
  insert into ves_store.agent_signing_keys (
    tenant_id, agent_id, key_id, public_key, key_algorithm, public_key_bundle, valid_from, valid_to,
    proof_of_possession, proof_of_possession_bundle
  )
  values (
    put_agent_key.tenant_id, put_agent_key.agent_id, put_agent_key.key_id, put_agent_key.public_key, v_algorithm,
    put_agent_key.public_key_bundle, put_agent_key.valid_from, put_agent_key.valid_to,
    put_agent_key.proof_of_possession, put_agent_key.proof_of_possession_bundle
  )
  on conflict (agent_id, key_id, tenant_id) do nothing;
  if not found then
    perform ves_int.raise_error('agent_key_exists', jsonb_build_object('identical', (
      select
        k.public_key = put_agent_key.public_key and k.key_algorithm = v_algorithm
        and k.public_key_bundle is not distinct from put_agent_key.public_key_bundle
      from ves_store.agent_signing_keys as k
      where k.agent_id = put_agent_key.agent_id and k.key_id = put_agent_key.key_id
        and k.tenant_id = put_agent_key.tenant_id
    )));
  end if;
  perform ves_int.check_keys_now(put_agent_key.tenant_id, put_agent_key.agent_id);
  perform ves_int.log_key_change(
    'key_registered', put_agent_key.tenant_id, put_agent_key.agent_id, v_type, null, put_agent_key.key_id,
    jsonb_build_object('key_algorithm', v_algorithm), put_agent_key.context);
  -- a retired key may be waiting for this one
  update ves_store.scheduled_key_rotations as r
  set status = 'completed', new_key_id = put_agent_key.key_id, completed_at = clock_timestamp()
  where r.agent_id = put_agent_key.agent_id and r.tenant_id = put_agent_key.tenant_id and r.key_type = v_type
    and r.status = 'in_progress';
end
$$;

comment on function ves_int.put_agent_key(uuid, uuid, integer, bytea, integer, bytea, timestamptz, timestamptz, bytea, bytea, jsonb) is
'Stores a key whose proof of possession was judged, logs it, and completes the rotations that waited for a key. Errors: VE301 with identical true when the stored bytes are the same, VE201, VE007, VE008.';
