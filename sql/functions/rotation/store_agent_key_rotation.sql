-- The door for the API, which is trusted to have judged the new key by the same library.
create or replace function ves.store_agent_key_rotation(
  tenant_id uuid, agent_id uuid, key_id integer, new_key_id integer, public_key bytea, key_algorithm smallint,
  public_key_bundle bytea, valid_to timestamptz, grace_period interval, revoke_old boolean, reason text,
  proof_of_possession bytea, proof_of_possession_bundle bytea, context jsonb default null
)
returns ves.key_rotation
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  select ves_int.rotate_to_key(
    tenant_id, agent_id, key_id, new_key_id, public_key, key_algorithm, public_key_bundle, valid_to, grace_period,
    revoke_old, reason, proof_of_possession, proof_of_possession_bundle, context);
$$;

comment on function ves.store_agent_key_rotation(uuid, uuid, integer, integer, bytea, smallint, bytea, timestamptz, interval, boolean, text, bytea, bytea, jsonb) is
'Rotates a key whose successor''s proof of possession the caller has verified; the API''s form of ves.rotate_agent_key, with its errors.';
