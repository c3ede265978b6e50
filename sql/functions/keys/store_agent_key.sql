-- The door for the API, which is trusted to have judged key and proof of possession by the same library.
create or replace function ves.store_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, public_key bytea, key_algorithm smallint,
  public_key_bundle bytea, valid_from timestamptz, valid_to timestamptz, proof_of_possession bytea,
  proof_of_possession_bundle bytea, context jsonb default null
)
returns void
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
  select ves_int.put_agent_key(
    tenant_id, agent_id, key_id, public_key, key_algorithm, public_key_bundle, valid_from, valid_to,
    proof_of_possession, proof_of_possession_bundle, context);
  select ves_int.audit(
    'agent_key_registered', tenant_id, 'agent_key', ves_int.key_name(agent_id, key_id),
    jsonb_build_object('key_algorithm', key_algorithm), context);
$$;

comment on function ves.store_agent_key(uuid, uuid, integer, bytea, smallint, bytea, timestamptz, timestamptz, bytea, bytea, jsonb) is
'Registers a key whose proof of possession the caller has verified; the API''s form of ves.register_agent_key. Errors: VE301, VE201, VE007, VE008.';
