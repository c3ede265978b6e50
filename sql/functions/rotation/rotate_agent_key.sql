-- The door for operators: judges the new key's proof of possession here, in PL/Python.
create or replace function ves.rotate_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, new_key_id integer, public_key bytea default null,
  key_algorithm smallint default null, public_key_bundle bytea default null,
  valid_to timestamptz default null, grace_period interval default null, revoke_old boolean default false,
  reason text default 'manual', proof_of_possession bytea default null,
  proof_of_possession_bundle bytea default null, context jsonb default null
)
returns ves.key_rotation
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_algorithm smallint := key_algorithm;
begin
  if public_key is not null or public_key_bundle is not null then
    v_algorithm := coalesce(v_algorithm, (
      select k.key_algorithm from ves_store.agent_signing_keys as k
      where k.agent_id = rotate_agent_key.agent_id and k.key_id = rotate_agent_key.key_id
        and k.tenant_id = rotate_agent_key.tenant_id
    ));
    if v_algorithm is null then
      perform ves_int.raise_error('agent_key_not_found');
    end if;
    if v_algorithm in (3, 4) then
      public_key := coalesce(public_key, decode(repeat('00', 32), 'hex'));
    end if;
    perform ves_int.check_agent_key(v_algorithm, public_key, public_key_bundle, null, valid_to);
    perform ves_int.prove_agent_key(
      v_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle);
  end if;
  return ves_int.rotate_to_key(
    tenant_id, agent_id, key_id, new_key_id, public_key, v_algorithm, public_key_bundle, valid_to, grace_period,
    revoke_old, reason, proof_of_possession, proof_of_possession_bundle, context);
end
$$;

comment on function ves.rotate_agent_key(uuid, uuid, integer, integer, bytea, smallint, bytea, timestamptz, interval, boolean, text, bytea, bytea, jsonb) is
'Rotates an active key: the new one is registered (its bytes and proof as in ves.register_agent_key; key_algorithm of the old key when null) or, without bytes, already is; the old one expires now and still verifies for grace_period (null: the policy''s, else 72 hours), or is revoked at once (revoke_old, or reason compromise). reason: age_limit, usage_limit, manual, expiry, compromise, policy_change. One transaction. Errors: VE203, VE208 a key is not active, VE301, VE201, VE202, VE204, VE007, VE008.';
