create type ves.legacy_commitment as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  prev_state_root bytea,
  new_state_root bytea,
  events_root bytea,
  event_count integer,
  sequence_start bigint,
  sequence_end bigint,
  committed_at timestamptz,
  chain_tx_hash bytea,
  anchored_at timestamptz
);

comment on type ves.legacy_commitment is 'One legacy commitment (VES 17.3) with its anchoring state; roots are 32 raw bytes.';
