-- The legacy stream. Sent as role ves_api; only objects of schema ves.

-- name: ingest_legacy_events
-- Append one batch of one legacy stream. Arrays are parallel, one element an event.
select
  answer.first_sequence,
  answer.last_sequence,
  answer.head_sequence,
  answer.sequenced_at,
  answer.exceptions
from ves.ingest_legacy_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  auth_epoch => %(auth_epoch)s,
  source_agent => %(source_agent)s,
  event_ids => %(event_ids)s,
  command_ids => %(command_ids)s,
  entity_types => %(entity_types)s,
  entity_ids => %(entity_ids)s,
  event_types => %(event_types)s,
  created_at_micros => %(created_at_micros)s,
  payloads => %(payloads)s,
  payload_hashes => %(payload_hashes)s,
  base_versions => %(base_versions)s,
  envelope_versions => %(envelope_versions)s,
  signatures => %(signatures)s,
  refusals => %(refusals)s,
  refusal_messages => %(refusal_messages)s,
  schema_epoch => %(schema_epoch)s,
  payloads_at_rest => %(payloads_at_rest)s,
  payload_key_ids => %(payload_key_ids)s,
  sealed_for => %(sealed_for)s
) as answer;
