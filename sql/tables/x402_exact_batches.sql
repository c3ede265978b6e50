create table ves_store.x402_exact_batches (
  batch_id uuid not null default gen_random_uuid(),
  chain_id bigint not null,
  settlement_contract text not null,
  token_address text not null,
  status text not null,
  is_planned boolean not null default false,
  payment_count integer not null,
  merkle_root bytea not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_exact_batches_pkey primary key (batch_id),
  constraint status_is_an_exact_batch_state check (
    status in ('prepared', 'broadcast', 'unknown', 'settled', 'failed')
  ),
  constraint batch_has_1_to_200_payments check (payment_count between 1 and 200),
  constraint merkle_root_has_32_bytes check (octet_length(merkle_root) = 32),
  constraint sent_batch_has_a_hash check (status in ('prepared', 'failed') or tx_hash is not null),
  constraint settled_batch_has_a_block check ((status = 'settled') = (block_number is not null))
);

create index x402_exact_batches_unplanned_idx on ves_store.x402_exact_batches (chain_id, created_at, batch_id)
where status = 'prepared' and not is_planned;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_exact_batches.status', '', 'prepared'),
('x402_exact_batches.status', 'prepared', 'broadcast'),
('x402_exact_batches.status', 'broadcast', 'unknown'),
('x402_exact_batches.status', 'unknown', 'broadcast'),
('x402_exact_batches.status', 'broadcast', 'settled'),
('x402_exact_batches.status', 'unknown', 'settled'),
('x402_exact_batches.status', 'prepared', 'failed'),
('x402_exact_batches.status', 'broadcast', 'failed'),
('x402_exact_batches.status', 'unknown', 'failed');

comment on table ves_store.x402_exact_batches is
'EIP-3009 payments that one transaction settles (x402 part C), of one token and contract and of any tenants: therefore the key without a tenant.';
comment on column ves_store.x402_exact_batches.batch_id is 'Its word is the id of the batch in the contract.';
comment on column ves_store.x402_exact_batches.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_exact_batches.settlement_contract is 'Contract that is called, lower case.';
comment on column ves_store.x402_exact_batches.token_address is 'Token of every payment, lower case.';
comment on column ves_store.x402_exact_batches.status is
'prepared: nothing is sent; broadcast: a transaction may be mined; unknown: it is neither seen nor ruled out; settled: final, each payment has its outcome; failed: ruled out, its payments are recorded again for another batch.';
comment on column ves_store.x402_exact_batches.is_planned is 'A call of it is in the outbox, or was.';
comment on column ves_store.x402_exact_batches.payment_count is 'Payments.';
comment on column ves_store.x402_exact_batches.merkle_root is
'Root of the tree of x402 A9 over the leaves of ves_int.exact_payment_leaf, in order of payment ids; the call stores it in the contract.';
comment on column ves_store.x402_exact_batches.tx_hash is 'Newest transaction that was sent for it.';
comment on column ves_store.x402_exact_batches.block_number is 'Block of the transaction that settled it.';
comment on column ves_store.x402_exact_batches.gas_used is 'Gas of that transaction.';
comment on column ves_store.x402_exact_batches.reason is 'Why it is unknown or failed.';
comment on column ves_store.x402_exact_batches.created_at is 'When it was planned.';
comment on column ves_store.x402_exact_batches.updated_at is 'Last change.';
