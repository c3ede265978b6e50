create or replace view ves_int.anchor_items as
select
  a.anchor, a.status, a.requested_at, a.call_id, a.batch_id, a.tenant_id,
  coalesce(v.store_id, l.store_id) as store_id, a.is_legacy,
  coalesce(v.merkle_root, l.events_root) as events_root,
  coalesce(v.prev_state_root, l.prev_state_root) as prev_state_root,
  coalesce(v.new_state_root, l.new_state_root) as new_state_root,
  coalesce(v.sequence_start, l.sequence_start) as sequence_start,
  coalesce(v.sequence_end, l.sequence_end) as sequence_end,
  coalesce(v.leaf_count, l.event_count) as event_count, a.committed_at
from ves_store.commitment_anchors as a
left join ves_store.ves_commitments as v
  on not a.is_legacy and a.batch_id = v.batch_id and a.tenant_id = v.tenant_id
left join ves_store.commitments as l
  on a.is_legacy and a.batch_id = l.batch_id and a.tenant_id = l.tenant_id;

comment on view ves_int.anchor_items is 'Commitments of both streams with the state of each anchor.';
