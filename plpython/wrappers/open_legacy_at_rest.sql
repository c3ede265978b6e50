-- Generated from ves.plpython_at_rest.open_legacy_at_rest by `make generate`; do not edit.
create or replace function ves_int.open_legacy_at_rest(
  tenant_id uuid,
  store_id uuid,
  event_ids uuid[],
  sequence_numbers bigint[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  blobs bytea[],
  key_ids bytea[]
)
returns bytea[]
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import open_legacy_at_rest
from ves.plpython_guard import guard
return guard(plpy, open_legacy_at_rest,
  UUID(tenant_id), UUID(store_id), event_ids, sequence_numbers, entity_types, entity_ids, event_types, blobs, key_ids)
$$;

comment on function ves_int.open_legacy_at_rest(uuid, uuid, uuid[], bigint[], text[], text[], text[], bytea[], bytea[]) is
'Plaintexts of payloads of a legacy stream (VES 16), as `open_at_rest`. Errors: VE510, VE512.';
