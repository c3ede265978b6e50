create or replace view rest.rejected_events with (security_barrier) as
select
  r.tenant_id, r.store_id, r.stream, r.id, r.sequence_number, r.event_id, r.entity_type, r.entity_id,
  r.reason, r.message, r.expected_version, r.actual_version, r.rejected_at
from ves_store.rejected_events_log as r
where
  r.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(r.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.rejected_events is
'Numbered events of the token''s tenant that a projector rejected (operations 5.1): which, why, when.';
