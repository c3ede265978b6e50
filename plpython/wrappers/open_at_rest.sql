-- Generated from ves.plpython_at_rest.open_at_rest by `make generate`; do not edit.
create or replace function ves_int.open_at_rest(
  tenant_ids uuid[],
  aads bytea[],
  blobs bytea[],
  key_ids bytea[]
)
returns bytea[]
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_at_rest import open_at_rest
from ves.plpython_guard import guard
return guard(plpy, open_at_rest,
  tenant_ids, aads, blobs, key_ids)
$$;

comment on function ves_int.open_at_rest(uuid[], bytea[], bytea[], bytea[]) is
'Plaintexts of blobs (VES 16) under the key ring of the server process. Errors: VE510 no usable key ring, VE512 naming the reason at the first blob that does not decrypt.';
