create table ves_store.chain_attempts (
  transaction_id bigint not null,
  attempt integer not null,
  tx_hash bytea not null,
  raw bytea not null,
  gas_limit bigint not null,
  max_fee bigint not null,
  priority_fee bigint not null,
  signed_at timestamptz not null,
  constraint chain_attempts_pkey primary key (transaction_id, attempt),
  constraint chain_attempts_transaction_id_fkey
  foreign key (transaction_id) references ves_store.chain_transactions (transaction_id),
  constraint chain_attempts_tx_hash_key unique (tx_hash),
  constraint attempt_is_positive check (attempt > 0),
  constraint tx_hash_has_32_bytes check (octet_length(tx_hash) = 32),
  constraint fees_are_in_order check (0 <= priority_fee and priority_fee <= max_fee)
);

comment on table ves_store.chain_attempts is
'Signed forms of a transaction, stored before they are sent (chain 8, point 1): same nonce and calldata, higher fees. Any of them may be mined. Append-only.';
comment on column ves_store.chain_attempts.transaction_id is 'Row of chain_transactions.';
comment on column ves_store.chain_attempts.attempt is 'Number, from 1.';
comment on column ves_store.chain_attempts.tx_hash is 'Hash under which nodes know it, computed before it is sent.';
comment on column ves_store.chain_attempts.raw is 'Signed transaction as eth_sendRawTransaction takes it; may be sent any number of times.';
comment on column ves_store.chain_attempts.gas_limit is 'Gas limit.';
comment on column ves_store.chain_attempts.max_fee is 'maxFeePerGas in wei.';
comment on column ves_store.chain_attempts.priority_fee is 'maxPriorityFeePerGas in wei.';
comment on column ves_store.chain_attempts.signed_at is 'When it was signed.';
