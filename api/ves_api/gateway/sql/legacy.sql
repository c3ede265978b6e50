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

-- name: get_legacy_head
-- Highest number of a legacy stream.
select ves.get_legacy_head(tenant_id => %(tenant_id)s, store_id => %(store_id)s);

-- name: list_legacy_events
-- A window of numbers of a legacy stream; payloads as text, or encrypted as they are stored.
select
  event.sequence_number,
  event.event_id,
  event.command_id,
  event.source_agent,
  event.envelope_version,
  event.base_version,
  event.created_at,
  event.sequenced_at,
  event.entity_type,
  event.entity_id,
  event.event_type,
  event.payload_hash,
  event.signature,
  event.payload::text,
  event.payload_at_rest,
  event.payload_key_id,
  event.shredded_at
from ves.list_legacy_events(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  from_sequence => %(from_sequence)s,
  max_events => %(max_events)s,
  decrypt => false
) as event;

-- name: get_entity_history
-- A page of an entity's legacy events, each with the total; one row of nulls when the page is empty.
select
  history.total,
  (history.event).sequence_number,
  (history.event).event_id,
  (history.event).command_id,
  (history.event).source_agent,
  (history.event).envelope_version,
  (history.event).base_version,
  (history.event).created_at,
  (history.event).sequenced_at,
  (history.event).entity_type,
  (history.event).entity_id,
  (history.event).event_type,
  (history.event).payload_hash,
  (history.event).signature,
  (history.event).payload::text,
  (history.event).payload_at_rest,
  (history.event).payload_key_id,
  (history.event).shredded_at
from ves.get_entity_history(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  entity_type => %(entity_type)s,
  entity_id => %(entity_id)s,
  skip => %(skip)s,
  max_events => %(max_events)s,
  decrypt => false
) as history;

-- name: create_legacy_commitment
-- Commit a range of a legacy stream; a start that is committed already is refused.
select commitment.*
from ves.create_legacy_commitment(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_start => %(sequence_start)s,
  sequence_end => %(sequence_end)s
) as commitment;

-- name: list_legacy_commitments
-- Commitments of a legacy stream that are not on a chain yet, oldest first.
select commitment.*
from ves.list_legacy_commitments(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as commitment;

-- name: get_legacy_commitment
-- One legacy commitment of a tenant (nil: of any tenant).
select commitment.*
from ves.get_legacy_commitment(tenant_id => %(tenant_id)s, batch_id => %(batch_id)s) as commitment;

-- name: get_legacy_inclusion_proof
-- The path from one legacy event to the root of its commitment.
select
  proof.sequence_number,
  proof.batch_id,
  proof.merkle_root,
  proof.leaf_hash,
  proof.leaf_index,
  proof.proof_path,
  proof.directions
from ves.get_legacy_inclusion_proof(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_number => %(sequence_number)s,
  batch_id => %(batch_id)s
) as proof;
