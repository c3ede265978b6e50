-- Generated from ves.plpython.agent_key_problem by `make generate`; do not edit.
create or replace function ves_int.agent_key_problem(
  key_algorithm integer,
  public_key bytea,
  public_key_bundle bytea,
  proof_of_possession bytea,
  proof_of_possession_bundle bytea
)
returns text[]
language plpython3u
immutable called on null input parallel unsafe cost 1000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython import agent_key_problem
from ves.plpython_guard import guard
return guard(plpy, agent_key_problem,
  key_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle)
$$;

comment on function ves_int.agent_key_problem(integer, bytea, bytea, bytea, bytea) is
'Registration check of a key with its proof of possession (VES 6.3, 6.4). Returns error name, field and message; null if the key can be registered.';
