-- The SSE1 blob of a plaintext (VES 16).
create or replace function ves_int.at_rest_encrypt(
  key bytea,
  aad bytea,
  plaintext bytea,
  nonce bytea default null
)
returns bytea
language plpython3u
volatile
called on null input
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
return ves.guard(plpy, ves.at_rest_encrypt, key, aad, plaintext, nonce)
$$;

comment on function ves_int.at_rest_encrypt(bytea, bytea, bytea, bytea) is
'The SSE1 blob of a plaintext (VES 16). nonce is for tests only; null draws a fresh one.';
