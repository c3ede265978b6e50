create type ves.chain_transaction as (
  transaction_id bigint,
  kind text,
  tenant_id uuid,
  reference_id uuid,
  part integer,
  sender text,
  to_address text,
  calldata bytea,
  status text,
  nonce bigint,
  attempt integer,
  tx_hashes bytea [],
  raw bytea,
  gas_limit bigint,
  max_fee bigint,
  priority_fee bigint,
  block_number bigint,
  block_hash bytea,
  reason text,
  waiting_seconds double precision
);

comment on type ves.chain_transaction is
'A transaction of the outbox: the hashes of all its attempts, the newest last, and bytes and fees of the newest; waiting_seconds since that one was signed, or since it was planned.';
