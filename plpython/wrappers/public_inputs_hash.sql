-- Hash of a proof's canonical public inputs, given as JSON text (VES 12, 13).
create or replace function ves_int.public_inputs_hash(
  inputs text
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
return ves.guard(plpy, ves.public_inputs_hash, inputs)
$$;

comment on function ves_int.public_inputs_hash(text) is
'Hash of a proof''s canonical public inputs, given as JSON text (VES 12, 13). Errors: VE001.';
