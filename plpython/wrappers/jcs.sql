-- RFC 8785 form of a JSON text (VES 2.1).
create or replace function ves_int.jcs(
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
return ves.guard(plpy, ves.jcs_text, raw)
$$;

comment on function ves_int.jcs(text) is
'RFC 8785 form of a JSON text (VES 2.1). Refuses what VES 2.2 refuses: VE001.';
