-- Generated from ves.plpython.prepare_signed_events by `make generate`; do not edit.
create or replace function ves_int.prepare_signed_events(
  request text,
  max_events integer,
  max_payload_bytes integer,
  out agent_id uuid,
  out tenant_id uuid,
  out store_id uuid,
  out event_ids uuid[],
  out command_ids uuid[],
  out agent_ids uuid[],
  out agent_key_ids integer[],
  out entity_types text[],
  out entity_ids text[],
  out event_types text[],
  out created_at_texts text[],
  out created_at_micros bigint[],
  out payload_kinds smallint[],
  out payloads json[],
  out base_versions bigint[],
  out signature_schemes smallint[],
  out signature_bundles bytea[],
  out digests bytea,
  out refusals text[],
  out refusal_messages text[],
  out payloads_at_rest bytea[],
  out payload_key_ids bytea[],
  out schema_epoch bigint
)
returns record
language plpython3u
volatile strict parallel unsafe cost 50000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython import prepare_signed_events
from ves.plpython_guard import guard
return guard(plpy, prepare_signed_events,
  plpy, request, max_events, max_payload_bytes)
$$;

comment on function ves_int.prepare_signed_events(text, integer, integer) is
'Decode a request, hash its events, verify their signatures (VES 14.2 steps 5, 6, 8) and check their schemas. Returns the arrays of ves.ingest_events, where null stands for an array of nulls, and the schema epoch of the check (null: not checked). An event whose key is not registered is refused; ves.ingest_events determines the reason. Payloads are encrypted at rest (VES 16) under the key ring of the server, and then null as text. Errors: VE510 no usable key ring, VE511, the whole-request refusals of VES 14.1.';
