create type ves.payment_settlement as (
  tenant_id uuid,
  store_id uuid,
  batch_id uuid,
  part integer,
  status text,
  chain_id bigint,
  settlement_contract text,
  token_address text,
  merkle_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  tx_hash text,
  reason text,
  updated_at timestamptz
);

comment on type ves.payment_settlement is
'A part of a payment batch with what its transaction needs: root and range are those of the whole batch.';
