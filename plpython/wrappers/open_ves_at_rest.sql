-- Generated from ves.plpython_at_rest.open_ves_at_rest by `make generate`; do not edit.
create or replace function ves_int.open_ves_at_rest(
  tenant_id uuid,
  store_id uuid,
  event_ids uuid[],
  signing_hashes bytea[],
  blobs bytea[],
  key_ids bytea[]
)
returns bytea[]
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import open_ves_at_rest
from ves.plpython_guard import guard
return guard(plpy, open_ves_at_rest,
  UUID(tenant_id), UUID(store_id), event_ids, signing_hashes, blobs, key_ids)
$$;

comment on function ves_int.open_ves_at_rest(uuid, uuid, uuid[], bytea[], bytea[], bytea[]) is
'Plaintexts of payloads of a VES stream (VES 16), as `open_at_rest`. Errors: VE510, VE512.';
