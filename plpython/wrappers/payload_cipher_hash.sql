-- payload_cipher_hash of an encrypted payload (VES 8.2 step 7).
create or replace function ves_int.payload_cipher_hash(
  payload_encrypted text,
  aad bytea
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
return ves.guard(plpy, ves.cipher_hash, payload_encrypted, aad)
$$;

comment on function ves_int.payload_cipher_hash(text, bytea) is
'payload_cipher_hash of an encrypted payload (VES 8.2 step 7). Errors: VE002, VE007.';
