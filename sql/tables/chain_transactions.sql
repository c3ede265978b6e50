create table ves_store.chain_transactions (
  transaction_id bigint generated always as identity,
  chain_id bigint not null,
  sender text not null,
  kind text not null,
  tenant_id uuid not null,
  reference_id uuid not null,
  part integer not null,
  to_address text not null,
  calldata bytea not null,
  status text not null,
  nonce bigint,
  attempt integer not null default 0,
  tx_hash bytea,
  block_number bigint,
  block_hash bytea,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint chain_transactions_pkey primary key (transaction_id),
  constraint chain_transactions_chain_id_sender_fkey
  foreign key (chain_id, sender) references ves_store.chain_accounts (chain_id, sender),
  constraint chain_transactions_chain_id_sender_nonce_key unique (chain_id, sender, nonce),
  constraint status_is_a_transaction_status check (
    status in ('planned', 'signed', 'broadcast', 'unknown', 'mined', 'final', 'failed', 'replaced')
  ),
  constraint kind_is_a_known_one check (kind in ('settlement', 'authorizations', 'anchors')),
  constraint to_address_is_an_address check (to_address ~ '^0x[0-9a-f]{40}$'),
  constraint signed_transaction_has_a_nonce check (
    status = 'replaced' or (status = 'planned') = (nonce is null)
  ),
  constraint signed_transaction_has_a_hash check ((nonce is null) = (tx_hash is null)),
  constraint signed_transaction_has_an_attempt check ((nonce is null) = (attempt = 0)),
  constraint hashes_have_32_bytes check (octet_length(tx_hash) = 32 and octet_length(block_hash) = 32),
  constraint mined_transaction_has_a_block check (
    (status in ('mined', 'final', 'failed')) = (block_number is not null)
    and (block_number is null) = (block_hash is null)
  )
);

create index chain_transactions_chain_id_sender_idx on ves_store.chain_transactions (chain_id, sender);

create unique index chain_transactions_target_idx on ves_store.chain_transactions (
  reference_id, part, kind, tenant_id
)
where status not in ('failed', 'replaced');

create index chain_transactions_open_idx on ves_store.chain_transactions (chain_id, sender, nonce, updated_at)
where status in ('planned', 'signed', 'broadcast', 'unknown');

create index chain_transactions_mined_idx on ves_store.chain_transactions (chain_id, sender, updated_at)
where status = 'mined';

create index chain_transactions_final_idx on ves_store.chain_transactions (updated_at) where status = 'final';

insert into ves_store.transitions (machine, from_state, to_state)
values
('chain_transactions.status', '', 'planned'),
('chain_transactions.status', 'planned', 'signed'),
('chain_transactions.status', 'planned', 'replaced'),
('chain_transactions.status', 'signed', 'broadcast'),
('chain_transactions.status', 'broadcast', 'signed'),
('chain_transactions.status', 'signed', 'unknown'),
('chain_transactions.status', 'broadcast', 'unknown'),
('chain_transactions.status', 'unknown', 'broadcast'),
('chain_transactions.status', 'signed', 'mined'),
('chain_transactions.status', 'broadcast', 'mined'),
('chain_transactions.status', 'unknown', 'mined'),
('chain_transactions.status', 'mined', 'broadcast'),
('chain_transactions.status', 'mined', 'final'),
('chain_transactions.status', 'mined', 'failed'),
('chain_transactions.status', 'unknown', 'replaced'),
('chain_transactions.status', 'final', 'broadcast');

comment on table ves_store.chain_transactions is
'Outbox of the chain worker (chain 8): each row is what one account nonce is used for, and knows what it is for. Its signed forms are in chain_attempts.';
comment on column ves_store.chain_transactions.transaction_id is 'Number.';
comment on column ves_store.chain_transactions.chain_id is 'EIP-155 chain id.';
comment on column ves_store.chain_transactions.sender is 'Account that signs it.';
comment on column ves_store.chain_transactions.kind is 'What it does. settlement: settles a part of a payment batch; authorizations: settles a batch of EIP-3009 payments; anchors: anchors commitments.';
comment on column ves_store.chain_transactions.tenant_id is 'Tenant of what it is for; nil for what is for several.';
comment on column ves_store.chain_transactions.reference_id is 'What it is for; of a settlement the payment batch.';
comment on column ves_store.chain_transactions.part is 'Part of it; of a settlement the part of the batch.';
comment on column ves_store.chain_transactions.to_address is 'Contract that is called, lower case with 0x.';
comment on column ves_store.chain_transactions.calldata is 'Selector and arguments, the same in every attempt.';
comment on column ves_store.chain_transactions.status is
'planned: not signed, nothing can be mined; signed: raw bytes are stored and may have been sent; broadcast: a node took them; unknown: its nonce is used, but no attempt is found in a block; mined: in a block that may still be replaced; final: succeeded, deep enough; failed: reverted, deep enough; replaced: its nonce was used by a transaction that is not ours, or, without a nonce, it needs more gas than a block has and was never signed.';
comment on column ves_store.chain_transactions.nonce is 'Nonce of the sender, given when it is signed first.';
comment on column ves_store.chain_transactions.attempt is 'Newest attempt: 1 and up, all with the same nonce; 0 while planned.';
comment on column ves_store.chain_transactions.tx_hash is 'Hash of the newest attempt; once mined, of the one in the block.';
comment on column ves_store.chain_transactions.block_number is 'Its block.';
comment on column ves_store.chain_transactions.block_hash is 'Hash of that block: another one at this height means a reorg.';
comment on column ves_store.chain_transactions.gas_used is 'Gas that it used, once final or failed.';
comment on column ves_store.chain_transactions.reason is 'Why it waits, is unknown, or failed.';
comment on column ves_store.chain_transactions.created_at is 'When it was planned.';
comment on column ves_store.chain_transactions.updated_at is 'Last change.';
