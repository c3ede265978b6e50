-- Generated from ves.plpython_at_rest.seal_legacy_payloads by `make generate`; do not edit.
create or replace function ves_int.seal_legacy_payloads(
  tenant_id uuid,
  store_id uuid,
  event_ids uuid[],
  sequence_numbers bigint[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  payloads json[],
  out payloads_at_rest bytea[],
  out payload_key_ids bytea[]
)
returns record
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import seal_legacy_payloads
from ves.plpython_guard import guard
return guard(plpy, seal_legacy_payloads,
  UUID(tenant_id), UUID(store_id), event_ids, sequence_numbers, entity_types, entity_ids, event_types, payloads)
$$;

comment on function ves_int.seal_legacy_payloads(uuid, uuid, uuid[], bigint[], text[], text[], text[], json[]) is
'Encrypt legacy payloads in their compact form under their assigned sequence numbers (VES 16). Null where the number is null, nulls for plaintext storage. Errors: VE510 no usable key ring, VE511.';
