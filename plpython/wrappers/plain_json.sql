-- Compact form of a JSON text (VES 2.3), used by the legacy and public-inputs hashes.
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
'Compact form of a JSON text (VES 2.3), used by the legacy and public-inputs hashes. Errors: VE001.';
