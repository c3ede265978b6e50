-- Plaintexts of stored blobs.
create or replace function ves_int.open_at_rest(
  tenant_ids uuid[],
  aads bytea[],
  blobs bytea[],
  key_ids bytea[]
)
returns bytea[]
language plpython3u
stable
called on null input
parallel restricted
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.at_rest" not in GD:
    from ves import plpython_at_rest
    GD["ves.at_rest"] = plpython_at_rest
ves = GD["ves.at_rest"]
return ves.guard(plpy, ves.open_at_rest, tenant_ids, aads, blobs, key_ids)
$$;

comment on function ves_int.open_at_rest(uuid[], bytea[], bytea[], bytea[]) is
'Plaintexts of SSE1 blobs (VES 16) under the key ring of the server process. Errors: VE510 no usable key ring, VE512 a blob that does not decrypt.';
