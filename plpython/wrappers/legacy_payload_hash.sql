-- payload_hash of a legacy event (VES 17.1): SHA-256 of the compact form.
create or replace function ves_int.legacy_payload_hash(
  raw text
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
return ves.guard(plpy, ves.public_inputs_hash, raw)
$$;

comment on function ves_int.legacy_payload_hash(text) is
'payload_hash of a legacy event (VES 17.1): SHA-256 of the compact form. Errors: VE001.';
