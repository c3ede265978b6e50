-- The door for operators and services: judges the proof of possession here, in PL/Python.
create or replace function ves.register_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, public_key bytea,
  key_algorithm smallint default 1, public_key_bundle bytea default null,
  valid_from timestamptz default null, valid_to timestamptz default null,
  proof_of_possession bytea default null, proof_of_possession_bundle bytea default null,
  context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
begin
  if key_algorithm in (3, 4) then
    public_key := coalesce(public_key, decode(repeat('00', 32), 'hex'));
  end if;
  perform ves_int.check_agent_key(key_algorithm, public_key, public_key_bundle, valid_from, valid_to);
  perform ves_int.prove_agent_key(
    key_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle);
  perform ves_int.put_agent_key(
    tenant_id, agent_id, key_id, public_key, key_algorithm, public_key_bundle, valid_from, valid_to,
    proof_of_possession, proof_of_possession_bundle, context);
  perform ves_int.audit(
    'agent_key_registered', tenant_id, 'agent_key', ves_int.key_name(agent_id, key_id),
    jsonb_build_object('key_algorithm', key_algorithm), context);
end
$$;

comment on function ves.register_agent_key(uuid, uuid, integer, bytea, smallint, bytea, timestamptz, timestamptz, bytea, bytea, jsonb) is
'Registers an agent''s public key (VES 6.2 to 6.4). key_id is the unsigned number by bit pattern; public_key has 32 bytes (null for ML-DSA-65 and ML-KEM-768); public_key_bundle is JSON text with arrays of numbers and is needed from algorithm 3 up; proof_of_possession is the Ed25519 (algorithm 1, optional) or ML-DSA-65 signature (algorithm 3) of the challenge, proof_of_possession_bundle the JSON text of both (algorithms 3 and 5). Keys that no honest holder has are refused. Nothing is ever overwritten. Errors: VE301 the number is taken (identical: by the same bytes), VE201, VE202, VE204 a proof in core mode, VE007, VE008.';
