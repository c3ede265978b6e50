-- Generated from ves.plpython_at_rest.verify_legacy_batch by `make generate`; do not edit.
create or replace function ves_int.verify_legacy_batch(
  tenant_id uuid,
  store_id uuid,
  event_ids uuid[],
  sequence_numbers bigint[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  payloads text[],
  payloads_at_rest bytea[],
  key_ids bytea[],
  payload_hashes bytea[]
)
returns text[]
language plpython3u
stable called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import verify_legacy_batch
from ves.plpython_guard import guard
return guard(plpy, verify_legacy_batch,
  UUID(tenant_id), UUID(store_id), event_ids, sequence_numbers, entity_types, entity_ids, event_types, payloads, payloads_at_rest, key_ids, payload_hashes)
$$;

comment on function ves_int.verify_legacy_batch(uuid, uuid, uuid[], bigint[], text[], text[], text[], text[], bytea[], bytea[], bytea[]) is
'Compare the payloads of stored legacy events with their hashes (VES 17.1). One value an event: null if they fit, else a name of ves_int.findings: payload_hash, payload_not_opened or payload_at_rest.';
