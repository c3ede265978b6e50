create or replace function ves_int.commitment_of(tenant_id uuid, batch_id uuid)
returns ves.commitment
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select row(
    c.batch_id, c.tenant_id, c.store_id, c.ves_version, c.tree_depth, c.leaf_count, c.padded_leaf_count,
    c.merkle_root, c.prev_state_root, c.new_state_root, c.sequence_start, c.sequence_end, c.committed_at,
    a.chain_id, a.chain_tx_hash, a.chain_block_number, a.anchored_at
  )::ves.commitment
  from ves_store.ves_commitments as c
  left join ves_store.ves_commitment_anchors as a on a.batch_id = c.batch_id and a.tenant_id = c.tenant_id
  where c.batch_id = commitment_of.batch_id and c.tenant_id = commitment_of.tenant_id;
$$;

comment on function ves_int.commitment_of(uuid, uuid) is 'One commitment with its anchoring state.';
