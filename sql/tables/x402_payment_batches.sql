create table ves_store.x402_payment_batches (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null default gen_random_uuid(),
  network text not null,
  status text not null,
  payment_count integer not null,
  total_amounts jsonb not null,
  merkle_root bytea not null,
  prev_state_root bytea,
  new_state_root bytea not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  created_at timestamptz not null,
  committed_at timestamptz not null,
  submitted_at timestamptz,
  settled_at timestamptz,
  constraint x402_payment_batches_pkey primary key (batch_id, tenant_id),
  constraint status_is_a_batch_state check (status in ('committed', 'submitted', 'settled', 'failed')),
  constraint batch_has_1_to_1000_intents check (payment_count between 1 and 1000),
  constraint roots_have_32_bytes check (
    octet_length(merkle_root) = 32 and octet_length(new_state_root) = 32
    and octet_length(prev_state_root) = 32
  ),
  constraint sequence_range_is_ordered check (sequence_start between 1 and sequence_end),
  constraint chain_numbers_are_not_negative check (block_number >= 0 and gas_used >= 0),
  constraint settled_batch_says_when check ((status = 'settled') = (settled_at is not null))
);

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_payment_batches.status', '', 'committed'),
('x402_payment_batches.status', 'committed', 'submitted'),
('x402_payment_batches.status', 'committed', 'failed'),
('x402_payment_batches.status', 'submitted', 'committed'),
('x402_payment_batches.status', 'submitted', 'settled'),
('x402_payment_batches.status', 'submitted', 'failed');

comment on table ves_store.x402_payment_batches is
'Batches of payment intents of one stream and network (x402 A10). A batch is made and committed in one transaction, so none is pending.';
comment on column ves_store.x402_payment_batches.tenant_id is 'Tenant.';
comment on column ves_store.x402_payment_batches.store_id is 'Store.';
comment on column ves_store.x402_payment_batches.batch_id is 'Enters the state root.';
comment on column ves_store.x402_payment_batches.network is 'Network of every member.';
comment on column ves_store.x402_payment_batches.status is
'committed; submitted: a transaction was sent; settled: every member is settled or failed and at least one is settled; failed: every member failed.';
comment on column ves_store.x402_payment_batches.payment_count is 'Members.';
comment on column ves_store.x402_payment_batches.total_amounts is
'Array of asset, total_amount, payment_count in the order in which assets first occur; totals saturate at 2^64-1 (x402 A10).';
comment on column ves_store.x402_payment_batches.merkle_root is 'Root over the leaves in order of sequence number (x402 A9).';
comment on column ves_store.x402_payment_batches.prev_state_root is 'Always null: batches are not chained (x402 T12).';
comment on column ves_store.x402_payment_batches.new_state_root is 'State root (x402 A9).';
comment on column ves_store.x402_payment_batches.sequence_start is 'Lowest number of a member.';
comment on column ves_store.x402_payment_batches.sequence_end is 'Highest number of a member; the range may have holes.';
comment on column ves_store.x402_payment_batches.tx_hash is 'Transaction as it was reported.';
comment on column ves_store.x402_payment_batches.block_number is 'Its block.';
comment on column ves_store.x402_payment_batches.gas_used is 'Its gas.';
comment on column ves_store.x402_payment_batches.created_at is 'When it was made.';
comment on column ves_store.x402_payment_batches.committed_at is 'When its roots were made.';
comment on column ves_store.x402_payment_batches.submitted_at is 'When a transaction was first recorded.';
comment on column ves_store.x402_payment_batches.settled_at is 'When the outcome was recorded.';
