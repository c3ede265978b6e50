-- Compact form of a JSON text (VES 2.3), the one that the legacy and public-inputs hashes use.
create or replace function ves_int.plain_json(
  raw text
)
returns text
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
return ves.guard(plpy, ves.plain_text, raw)
$$;

comment on function ves_int.plain_json(text) is
'Compact form of a JSON text (VES 2.3), the one that the legacy and public-inputs hashes use. Errors: VE001.';
