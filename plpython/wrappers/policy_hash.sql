-- Generated from ves.plpython.policy_hash by `make generate`; do not edit.
create or replace function ves_int.policy_hash(
  policy_id text,
  policy_params text
)
returns bytea
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython import policy_hash
from ves.plpython_guard import guard
return guard(plpy, policy_hash,
  policy_id, policy_params)
$$;

comment on function ves_int.policy_hash(text, text) is
'Hash of a compliance policy and the JSON text of its parameters (VES 13). Errors: VE001.';
