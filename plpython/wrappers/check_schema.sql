-- Compiles a JSON Schema and compares it with earlier versions (operations 6.2).
create or replace function ves_int.check_schema(
  schema text,
  compatibility text,
  versions integer[],
  earlier text[]
)
returns void
language plpython3u
volatile
called on null input
parallel unsafe
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.schemas" not in GD:
    from ves import plpython_schemas
    GD["ves.schemas"] = plpython_schemas
ves = GD["ves.schemas"]
ves.guard(plpy, ves.check_schema, schema, compatibility, versions or [], earlier or [])
$$;

comment on function ves_int.check_schema(text, text, integer[], text[]) is
'Compiles a JSON Schema and compares it, in the stated mode, with earlier versions, given with their numbers. Errors: VE631 does not compile or is too costly, VE632 incompatible.';
