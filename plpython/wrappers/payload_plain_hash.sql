-- payload_plain_hash of a JSON text (VES 4); salt is null for plaintext events.
create or replace function ves_int.payload_plain_hash(
  raw text,
  salt bytea default null
)
returns bytea
language plpython3u
immutable
called on null input
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
return ves.guard(plpy, ves.payload_hash, raw, salt)
$$;

comment on function ves_int.payload_plain_hash(text, bytea) is
'payload_plain_hash of a JSON text (VES 4); salt is null for plaintext events. Errors: VE001.';
