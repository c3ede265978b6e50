-- Generated from ves.plpython.public_inputs_hash by `make generate`; do not edit.
create or replace function ves_int.public_inputs_hash(
  inputs text
)
returns bytea
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython import public_inputs_hash
from ves.plpython_guard import guard
return guard(plpy, public_inputs_hash,
  inputs)
$$;

comment on function ves_int.public_inputs_hash(text) is
'Hash of a proof''s canonical public inputs, given as JSON text (VES 12, 13). Errors: VE001.';
