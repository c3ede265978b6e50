create or replace view rest.legacy_events with (security_barrier) as
select
  e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent, e.envelope_version,
  e.base_version, e.created_at, e.sequenced_at, e.entity_type, e.entity_id, e.event_type,
  encode(e.payload_hash, 'hex') as payload_hash, encode(e.leaf_hash, 'hex') as leaf_hash
from ves_store.events as e
where
  e.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(e.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.legacy_events is 'Legacy events of the token''s tenant (VES 17), never the payload.';
