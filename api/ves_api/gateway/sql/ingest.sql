-- Appending. Sent as role ves_api; only objects of schema ves.

-- name: ingest_events
-- Append one batch of one stream: dedupe, number, store. Arrays are parallel, one element an event.
select
  answer.first_sequence,
  answer.last_sequence,
  answer.head_sequence,
  answer.sequenced_at,
  answer.exceptions
from ves.ingest_events(
  tenant_ids => array[%(tenant_id)s::uuid],
  store_ids => array[%(store_id)s::uuid],
  event_counts => array[%(event_count)s::integer],
  auth_epochs => array[%(auth_epoch)s::bigint],
  schema_epochs => array[%(schema_epoch)s::bigint],
  signer_id => %(signer_id)s,
  event_ids => %(event_ids)s,
  command_ids => %(command_ids)s,
  agent_ids => %(agent_ids)s,
  agent_key_ids => %(agent_key_ids)s,
  entity_types => %(entity_types)s,
  entity_ids => %(entity_ids)s,
  event_types => %(event_types)s,
  created_at_texts => %(created_at_texts)s,
  created_at_micros => %(created_at_micros)s,
  payload_kinds => %(payload_kinds)s,
  payloads => %(payloads)s,
  base_versions => %(base_versions)s,
  signature_schemes => %(signature_schemes)s,
  signature_bundles => %(signature_bundles)s,
  digests => %(digests)s,
  refusals => %(refusals)s,
  refusal_messages => %(refusal_messages)s,
  payloads_at_rest => %(payloads_at_rest)s,
  payload_key_ids => %(payload_key_ids)s
) as answer;
