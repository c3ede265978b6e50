create or replace view ves_int.legacy_events as
select
  e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent, e.envelope_version,
  e.base_version, e.created_at, e.sequenced_at, e.entity_type, e.entity_id, e.event_type, e.payload_hash,
  e.signature, e.payload, e.payload_at_rest, e.payload_key_id, e.shredded_at
from ves_store.events as e;

comment on view ves_int.legacy_events is
'Stored legacy events with the columns of ves.legacy_event, in their order: row(e.*)::ves.legacy_event is one.';
