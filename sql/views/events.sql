create or replace view ves.events as
select
  e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent_id,
  e.agent_key_id::bigint & 4294967295 as agent_key_id, e.ves_version, e.payload_kind, e.entity_type,
  e.entity_id, e.event_type, e.created_at_str, e.created_at, e.sequenced_at, e.base_version, e.payload,
  e.payload_encrypted, e.payload_plain_hash, e.payload_cipher_hash, e.event_signing_hash, e.agent_signature,
  e.agent_signature_scheme, e.agent_signature_bundle, e.leaf_hash, e.payload_at_rest, e.payload_key_id,
  e.shredded_at
from ves_store.ves_events as e;

comment on view ves.events is 'The event log as stored: one row an event, payload as the text received. Where it is encrypted at rest (payload_at_rest) ves.read_payloads decrypts it.';
