-- Registration check of a key with its proof of possession: [error name, field, message], null if valid
-- (VES 6.3, 6.4).
create or replace function ves_int.agent_key_problem(
  key_algorithm integer, public_key bytea, public_key_bundle bytea, proof_of_possession bytea,
  proof_of_possession_bundle bytea
)
returns text[]
language plpython3u
immutable
cost 1000
set search_path to pg_catalog, pg_temp
as $$
if "ves.agent_keys" not in GD:
    from ves import agent_keys
    GD["ves.agent_keys"] = agent_keys
return GD["ves.agent_keys"].problem_of_stored(
    key_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle
)
$$;

comment on function ves_int.agent_key_problem(integer, bytea, bytea, bytea, bytea) is
'Registration check of a key with its proof of possession (VES 6.3, 6.4): [error name, field, message], null if valid.';
