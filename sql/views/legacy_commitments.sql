create or replace view ves_int.legacy_commitments as
select
  c.batch_id, c.tenant_id, c.store_id, c.prev_state_root, c.new_state_root, c.events_root, c.event_count,
  c.sequence_start, c.sequence_end, c.committed_at, a.chain_tx_hash, a.anchored_at
from ves_store.commitments as c
left join ves_store.commitment_anchors as a
  on c.batch_id = a.batch_id and a.anchor = 'chain' and c.tenant_id = a.tenant_id;

comment on view ves_int.legacy_commitments is 'Legacy commitments (VES 17.3) with their anchoring state.';
