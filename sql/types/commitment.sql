create type ves.commitment as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  ves_version integer,
  tree_depth integer,
  leaf_count integer,
  padded_leaf_count integer,
  merkle_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  committed_at timestamptz,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  anchored_at timestamptz
);

comment on type ves.commitment is 'One VES commitment (VES 10.1) with its anchoring state; roots are 32 raw bytes.';
