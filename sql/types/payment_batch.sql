create type ves.payment_batch as (
  batch_id uuid,
  status text,
  tenant_id uuid,
  store_id uuid,
  network text,
  payment_count integer,
  total_amounts jsonb,
  merkle_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  created_at timestamptz,
  committed_at timestamptz,
  submitted_at timestamptz,
  settled_at timestamptz
);

comment on type ves.payment_batch is 'A batch of payment intents (x402 A10).';
