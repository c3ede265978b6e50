create or replace view ves.commitments as
select
  c.batch_id, c.tenant_id, c.store_id, c.ves_version, c.tree_depth, c.leaf_count, c.padded_leaf_count,
  c.merkle_root, c.prev_state_root, c.new_state_root, c.sequence_start, c.sequence_end, c.committed_at,
  a.chain_id, a.chain_tx_hash, a.chain_block_number, a.anchored_at
from ves_store.ves_commitments as c
left join ves_store.commitment_anchors as a
  on c.batch_id = a.batch_id and a.anchor = 'chain' and c.tenant_id = a.tenant_id;

comment on view ves.commitments is 'Commitments with their anchoring state (VES 10).';
