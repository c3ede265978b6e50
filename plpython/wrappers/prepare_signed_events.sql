-- The arrays of ves.ingest_events for a request, hashed and with signatures verified under the given keys
-- (VES 14.2 steps 5, 6, 8).
create or replace function ves_int.prepare_signed_events(
  request text,
  max_events integer,
  max_payload_bytes integer,
  strict_format boolean,
  profile text,
  key_agent_ids uuid[],
  key_ids integer[],
  key_algorithms smallint[],
  key_public_keys bytea[],
  key_bundles bytea[],
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
  out payload_key_ids bytea[]
)
returns record
language plpython3u
volatile
called on null input
parallel unsafe
cost 50000
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
limits = ves.Limits(max_events, max_payload_bytes, strict_format=strict_format, profile=profile)
keys = (key_agent_ids, key_ids, key_algorithms, key_public_keys, key_bundles)
return ves.guard(plpy, ves.prepare, GD, request, limits, keys)
$$;

comment on function ves_int.prepare_signed_events(text, integer, integer, boolean, text, uuid[], integer[], smallint[], bytea[], bytea[]) is
'The arrays of ves.ingest_events for a request, hashed and with signatures verified under the given keys (VES 14.2 steps 5, 6, 8). An event whose key is not given is refused; ves.ingest_events determines the reason. Null stands for an array of nulls. Payloads are encrypted at rest (VES 16) under the key ring of the server. Errors: VE510 no usable key ring, VE511, the whole-request refusals of VES 14.1.';
