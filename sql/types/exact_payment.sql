create type ves.exact_payment as (
  payment_id uuid,
  tenant_id uuid,
  chain_id bigint,
  settlement_contract text,
  token_address text,
  payer_address text,
  payee_address text,
  amount text,
  valid_after text,
  valid_before text,
  nonce bytea,
  signature bytea,
  status text,
  batch_id uuid,
  tx_hash text,
  reason text,
  created_at timestamptz
);

comment on type ves.exact_payment is
'An EIP-3009 payment (x402 part C) and what came of it; amount and times are decimal digits.';
