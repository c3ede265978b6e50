create type ves.payment_receipt as (
  intent_id uuid,
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  batch_id uuid,
  merkle_root bytea,
  inclusion_proof bytea [],
  leaf_index integer,
  total_leaves integer,
  payer_address text,
  payee_address text,
  amount bigint,
  asset text,
  network text,
  chain_id bigint,
  nonce text,
  valid_until bigint,
  signing_hash bytea,
  payer_signature bytea,
  tx_hash text,
  block_number bigint
);

comment on type ves.payment_receipt is
'What proves that an intent is in a batch (x402 A12): everything that its leaf is made of, and the path to the root. nonce is the unsigned number in decimal digits.';
