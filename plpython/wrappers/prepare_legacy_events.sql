-- Generated from ves.plpython_legacy.prepare_legacy_events by `make generate`; do not edit.
create or replace function ves_int.prepare_legacy_events(
  request text,
  max_events integer,
  max_payload_bytes integer,
  sequence_numbers bigint[],
  out source_agent uuid,
  out tenant_id uuid,
  out store_id uuid,
  out event_ids uuid[],
  out command_ids uuid[],
  out entity_types text[],
  out entity_ids text[],
  out event_types text[],
  out created_at_micros bigint[],
  out payloads json[],
  out payload_hashes bytea,
  out base_versions bigint[],
  out envelope_versions bigint[],
  out signatures bytea[],
  out refusals text[],
  out refusal_messages text[],
  out schema_epoch bigint,
  out payloads_at_rest bytea[],
  out payload_key_ids bytea[],
  out sealed_for bigint[]
)
returns record
language plpython3u
volatile called on null input parallel unsafe cost 50000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_legacy import prepare_legacy_events
from ves.plpython_guard import guard
return guard(plpy, prepare_legacy_events,
  plpy, request, max_events, max_payload_bytes, sequence_numbers)
$$;

comment on function ves_int.prepare_legacy_events(text, integer, integer, bigint[]) is
'Decode and hash a legacy request (VES 17.2) and check its schemas: the arrays of ves.ingest_legacy_events. Payloads are encrypted (VES 16) under sequence_numbers, by default those after the head of the stream. Null stands for an array of nulls; event_ids is empty for an empty batch; schema_epoch is null if schemas are not checked. Errors: VE510 no usable key ring, VE511, the whole-request refusals of VES 17.2.';
