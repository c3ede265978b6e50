-- Generated from ves.plpython.plain_json by `make generate`; do not edit.
create or replace function ves_int.plain_json(
  raw text
)
returns text
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython import plain_json
from ves.plpython_guard import guard
return guard(plpy, plain_json,
  raw)
$$;

comment on function ves_int.plain_json(text) is
'Compact form of a JSON text (VES 2.3), used by the legacy and public-inputs hashes. Errors: VE001.';
