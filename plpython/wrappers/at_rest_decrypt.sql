-- The plaintext of an SSE1 blob under the first key that opens it (VES 16).
create or replace function ves_int.at_rest_decrypt(
  keys bytea[],
  aad bytea,
  stored bytea
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
return ves.guard(plpy, ves.at_rest_decrypt, keys, aad, stored)
$$;

comment on function ves_int.at_rest_decrypt(bytea[], bytea, bytea) is
'The plaintext of an SSE1 blob under the first key that opens it (VES 16). Errors: VE007.';
