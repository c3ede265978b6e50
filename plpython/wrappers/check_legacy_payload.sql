-- Verifies the payload of a stored legacy event.
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
returns integer
language plpython3u
stable
called on null input
parallel restricted
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.at_rest" not in GD:
    from ves import plpython_at_rest
    GD["ves.at_rest"] = plpython_at_rest
ves = GD["ves.at_rest"]
ids = (tenant_id, store_id, event_id)
texts = (entity_type, entity_id, event_type)
return ves.check_legacy_payload(ids, sequence_number, texts, payload, (payload_at_rest, key_id), payload_hash)
$$;

comment on function ves_int.check_legacy_payload(uuid, uuid, uuid, bigint, text, text, text, text, bytea, bytea, bytea) is
'Bit mask as of ves_int.verify_events_batch for the payload of a stored legacy event: 0 valid, 1 payload_hash mismatch, 128 key not in the key ring, 256 decryption failed.';
