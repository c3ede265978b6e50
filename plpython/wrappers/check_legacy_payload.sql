-- Generated from ves.plpython_at_rest.check_legacy_payload by `make generate`; do not edit.
create or replace function ves_int.check_legacy_payload(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  sequence_number bigint,
  entity_type text,
  entity_id text,
  event_type text,
  payload text,
  payload_at_rest bytea,
  key_id bytea,
  payload_hash bytea
)
returns text
language plpython3u
stable called on null input parallel restricted cost 100
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import check_legacy_payload
from ves.plpython_guard import guard
return guard(plpy, check_legacy_payload,
  UUID(tenant_id), UUID(store_id), UUID(event_id), sequence_number, entity_type, entity_id, event_type, payload, payload_at_rest, key_id, payload_hash)
$$;

comment on function ves_int.check_legacy_payload(uuid, uuid, uuid, bigint, text, text, text, text, bytea, bytea, bytea) is
'Compare the payload of a stored legacy event with its hash (VES 17.1). Returns null if they fit, else a name of ves_int.findings: payload_hash, payload_not_opened or payload_at_rest.';
