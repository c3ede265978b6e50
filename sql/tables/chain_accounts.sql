create table ves_store.chain_accounts (
  chain_id bigint not null,
  sender text not null,
  lease text not null,
  next_nonce bigint not null,
  constraint chain_accounts_pkey primary key (chain_id, sender),
  constraint sender_is_an_address check (sender ~ '^0x[0-9a-f]{40}$'),
  constraint next_nonce_is_not_negative check (next_nonce >= 0)
);

comment on table ves_store.chain_accounts is
'Accounts that send transactions of the outbox, one of each lease (chain 8, point 10). Nonces are given here, never by a node.';
comment on column ves_store.chain_accounts.chain_id is 'EIP-155 chain id.';
comment on column ves_store.chain_accounts.sender is 'Address, lower case with 0x.';
comment on column ves_store.chain_accounts.lease is 'Lease whose holder may send from it (ves.claim_lease).';
comment on column ves_store.chain_accounts.next_nonce is 'Nonce of the next transaction; every smaller one is used by a row of chain_transactions or was used outside, at final depth.';
