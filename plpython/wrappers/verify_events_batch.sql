-- Recomputes stored events of one stream; per event a bit mask: 1 payload hash, 2 cipher hash, 4 signing
-- hash, 8 signature, 16 leaf hash, 32 receipt hash, 64 receipt signature, 128 payload key not in the
-- key ring, 256 payload decryption failed.
create or replace function ves_int.verify_events_batch(
  tenant_id uuid,
  store_id uuid,
  ids bytea,
  sequence_numbers bigint[],
  ves_versions integer[],
  agent_key_ids integer[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  created_at_texts text[],
  payload_kinds smallint[],
  payloads bytea[],
  digests bytea,
  leaf_hashes bytea,
  signature_schemes smallint[],
  signature_bundles bytea[],
  key_algorithms smallint[],
  key_public_keys bytea[],
  key_bundles bytea[],
  receipt_hashes bytea[],
  receipt_signatures bytea[],
  receipt_public_keys bytea[],
  payloads_at_rest bytea[],
  payload_key_ids bytea[],
  payload_states integer[]
)
returns integer[]
language plpython3u
stable
called on null input
parallel restricted
cost 100000
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
return ves.verify_events_batch(
    tenant_id, store_id, ids, sequence_numbers, ves_versions, agent_key_ids, entity_types, entity_ids,
    event_types, created_at_texts, payload_kinds, payloads, digests, leaf_hashes, signature_schemes, signature_bundles,
    key_algorithms, key_public_keys, key_bundles, receipt_hashes, receipt_signatures, receipt_public_keys,
    payloads_at_rest, payload_key_ids, payload_states
)
$$;

comment on function ves_int.verify_events_batch(uuid, uuid, bytea, bigint[], integer[], integer[], text[], text[], text[], text[], smallint[], bytea[], bytea, bytea, smallint[], bytea[], smallint[], bytea[], bytea[], bytea[], bytea[], bytea[], bytea[], bytea[], integer[]) is
'Recomputes stored events of one stream; per event a bit mask: 1 payload hash, 2 cipher hash, 4 signing hash, 8 signature, 16 leaf hash, 32 receipt hash, 64 receipt signature, 128 payload key not in the key ring, 256 payload decryption failed, and the bits of payload_states (0: a payload is stored). ids holds 32 bytes an event (event id, agent id), digests 160 (plain, cipher, signing hash, signature), leaf_hashes 32; a null key or receipt means that none is stored.';
