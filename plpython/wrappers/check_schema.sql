-- Generated from ves.plpython_schemas.check_schema by `make generate`; do not edit.
create or replace function ves_int.check_schema(
  schema text,
  compatibility text,
  versions integer[],
  earlier text[]
)
returns void
language plpython3u
volatile called on null input parallel unsafe cost 10000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_schemas import check_schema
from ves.plpython_guard import guard
return guard(plpy, check_schema,
  schema, compatibility, versions, earlier)
$$;

comment on function ves_int.check_schema(text, text, integer[], text[]) is
'Compile a JSON Schema and compare it, in the stated mode, with earlier versions, given with their numbers. Errors: VE631 does not compile or is too costly, VE632 incompatible (operations 6.2).';
