create or replace view rest.commitments with (security_barrier) as
select
  c.tenant_id, c.store_id, c.batch_id, c.ves_version, c.tree_depth, c.leaf_count, c.padded_leaf_count,
  encode(c.merkle_root, 'hex') as merkle_root, encode(c.prev_state_root, 'hex') as prev_state_root,
  encode(c.new_state_root, 'hex') as new_state_root, c.sequence_start, c.sequence_end, c.committed_at,
  c.chain_id, encode(c.chain_tx_hash, 'hex') as chain_tx_hash, c.chain_block_number, c.anchored_at
from ves.commitments as c
where
  c.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(c.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.commitments is 'Commitments of the token''s tenant with their anchoring state (VES 10), roots as bare hex.';
