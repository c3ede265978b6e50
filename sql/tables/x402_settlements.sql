create table ves_store.x402_settlements (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  part integer not null,
  chain_id bigint not null,
  status text not null,
  is_planned boolean not null default false,
  settlement_contract text not null,
  token_address text not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_settlements_pkey primary key (batch_id, part, tenant_id),
  constraint x402_settlements_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint status_is_a_settlement_state check (
    status in ('prepared', 'broadcast', 'unknown', 'settled', 'failed')
  ),
  constraint part_is_not_negative check (part >= 0),
  constraint sent_settlement_has_a_hash check (
    status in ('prepared', 'failed') or tx_hash is not null
  ),
  constraint settled_settlement_has_a_block check ((status = 'settled') = (block_number is not null))
);

create index x402_settlements_batch_idx on ves_store.x402_settlements (batch_id, tenant_id);

create index x402_settlements_unplanned_idx
on ves_store.x402_settlements (chain_id, token_address, created_at)
where status = 'prepared' and not is_planned;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_settlements.status', '', 'prepared'),
('x402_settlements.status', 'prepared', 'broadcast'),
('x402_settlements.status', 'broadcast', 'unknown'),
('x402_settlements.status', 'unknown', 'broadcast'),
('x402_settlements.status', 'broadcast', 'settled'),
('x402_settlements.status', 'unknown', 'settled'),
('x402_settlements.status', 'prepared', 'failed'),
('x402_settlements.status', 'broadcast', 'failed'),
('x402_settlements.status', 'unknown', 'failed');

comment on table ves_store.x402_settlements is
'Parts of payment batches, each of which one transaction settles (chain 8): at most 200 intents of one token and contract.';
comment on column ves_store.x402_settlements.tenant_id is 'Tenant.';
comment on column ves_store.x402_settlements.store_id is 'Store.';
comment on column ves_store.x402_settlements.batch_id is 'Batch.';
comment on column ves_store.x402_settlements.part is 'Number within the batch, never given again: its id on chain is keccak256(batch word || part).';
comment on column ves_store.x402_settlements.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_settlements.status is
'prepared: nothing is sent; broadcast: a transaction may be mined; unknown: it is neither seen nor ruled out; settled: final, each intent has its outcome; failed: ruled out, its intents are free for another part.';
comment on column ves_store.x402_settlements.is_planned is 'A call of it is in the outbox, or was.';
comment on column ves_store.x402_settlements.settlement_contract is 'Contract in which the nonces are reserved.';
comment on column ves_store.x402_settlements.token_address is 'Token of every intent.';
comment on column ves_store.x402_settlements.tx_hash is 'Newest transaction that was sent for it.';
comment on column ves_store.x402_settlements.block_number is 'Block of the transaction that settled it.';
comment on column ves_store.x402_settlements.gas_used is 'Gas of that transaction.';
comment on column ves_store.x402_settlements.reason is 'Why it is unknown or failed.';
comment on column ves_store.x402_settlements.created_at is 'When it was planned.';
comment on column ves_store.x402_settlements.updated_at is 'Last change.';
