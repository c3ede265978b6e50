create table ves_store.chain_transaction_log (
  transaction_id bigint not null,
  entry_id bigint generated always as identity,
  from_status text not null,
  to_status text not null,
  attempt integer not null,
  tx_hash bytea,
  block_number bigint,
  reason text,
  logged_at timestamptz not null default clock_timestamp(),
  constraint chain_transaction_log_pkey primary key (transaction_id, entry_id)
);

comment on table ves_store.chain_transaction_log is
'Every change of state of a transaction of the outbox and every new attempt, written by a trigger. Append-only.';
comment on column ves_store.chain_transaction_log.transaction_id is 'Row of chain_transactions.';
comment on column ves_store.chain_transaction_log.entry_id is 'Order of the entries.';
comment on column ves_store.chain_transaction_log.from_status is 'State before; empty: it is new.';
comment on column ves_store.chain_transaction_log.to_status is 'State after.';
comment on column ves_store.chain_transaction_log.attempt is 'Newest attempt.';
comment on column ves_store.chain_transaction_log.tx_hash is 'Hash of the newest attempt, or of the one in a block.';
comment on column ves_store.chain_transaction_log.block_number is 'Block, if it is in one.';
comment on column ves_store.chain_transaction_log.reason is 'Why.';
comment on column ves_store.chain_transaction_log.logged_at is 'When.';
