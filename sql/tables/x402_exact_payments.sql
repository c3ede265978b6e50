create table ves_store.x402_exact_payments (
  tenant_id uuid not null,
  payment_id uuid not null default gen_random_uuid(),
  chain_id bigint not null,
  settlement_contract text not null,
  token_address text not null,
  payer_address text not null,
  nonce bytea not null,
  payee_address text not null,
  amount numeric(39, 0) not null,
  valid_after numeric(78, 0) not null,
  valid_before numeric(78, 0) not null,
  signature bytea not null,
  digest bytea not null,
  payment_identifier text,
  resource text,
  delivery_id uuid,
  status text not null,
  batch_id uuid,
  tx_hash text,
  reason text,
  reverts smallint not null default 0,
  recheck_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_exact_payments_pkey primary key (payment_id, tenant_id),
  constraint x402_exact_payments_payer_address_nonce_token_address_chain_id_
  unique (payer_address, nonce, token_address, chain_id),
  constraint x402_exact_payments_batch_id_fkey
  foreign key (batch_id) references ves_store.x402_exact_batches (batch_id),
  constraint status_is_an_exact_payment_state check (
    status in ('recorded', 'batched', 'confirmed', 'settled', 'failed')
  ),
  constraint addresses_have_20_bytes check (
    settlement_contract ~ '^0x[0-9a-f]{40}$' and token_address ~ '^0x[0-9a-f]{40}$'
    and payer_address ~ '^0x[0-9a-f]{40}$' and payee_address ~ '^0x[0-9a-f]{40}$'
  ),
  constraint amount_has_1_to_128_bits check (
    amount between 1 and 340282366920938463463374607431768211455
  ),
  constraint nonce_and_digest_have_32_bytes check (octet_length(nonce) = 32 and octet_length(digest) = 32),
  constraint signature_has_1_to_4096_bytes check (octet_length(signature) between 1 and 4096),
  constraint texts_have_their_lengths check (
    octet_length(payment_identifier) between 16 and 128 and octet_length(resource) <= 16384
  ),
  constraint batched_payment_has_a_batch check (
    status not in ('batched', 'confirmed') or batch_id is not null
  ),
  constraint failed_payment_says_why check ((status = 'failed') = (reason is not null)),
  constraint only_a_failed_payment_is_looked_at_again check (status = 'failed' or recheck_at is null),
  constraint settled_payment_has_a_transaction check (
    status not in ('confirmed', 'settled') or tx_hash is not null
  )
);

create unique index x402_exact_payments_identifier_idx
on ves_store.x402_exact_payments (payment_identifier, tenant_id)
where payment_identifier is not null;

create index x402_exact_payments_batch_id_idx on ves_store.x402_exact_payments (batch_id);

-- What waits for its first batch, what for another one after a failure, and what may expire before its first.
-- A row leaves these when it is batched, so they stay small.
create index x402_exact_payments_recorded_idx on ves_store.x402_exact_payments (
  chain_id, settlement_contract, token_address, tenant_id, created_at, payment_id
)
where status = 'recorded' and batch_id is null;

create index x402_exact_payments_again_idx on ves_store.x402_exact_payments (chain_id, batch_id)
where status = 'recorded' and batch_id is not null;

create index x402_exact_payments_valid_before_idx on ves_store.x402_exact_payments (chain_id, valid_before)
where status = 'recorded' and batch_id is null;

-- What somebody else may still make. A row leaves it when it is looked at after its last second, once.
create index x402_exact_payments_recheck_at_idx
on ves_store.x402_exact_payments (chain_id, token_address, tenant_id, recheck_at, payment_id)
where recheck_at is not null;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_exact_payments.status', '', 'recorded'),
('x402_exact_payments.status', 'recorded', 'batched'),
('x402_exact_payments.status', 'recorded', 'failed'),
('x402_exact_payments.status', 'batched', 'recorded'),
('x402_exact_payments.status', 'batched', 'confirmed'),
('x402_exact_payments.status', 'batched', 'settled'),
('x402_exact_payments.status', 'batched', 'failed'),
('x402_exact_payments.status', 'confirmed', 'batched'),
('x402_exact_payments.status', 'confirmed', 'settled'),
('x402_exact_payments.status', 'failed', 'settled');

comment on table ves_store.x402_exact_payments is
'EIP-3009 authorizations that a resource server gave to /x402/settle (x402 part C): recorded before anything is sent, so that a repeat finds its payment. What the payer signed never changes.';
comment on column ves_store.x402_exact_payments.tenant_id is 'Tenant of the credential that asked.';
comment on column ves_store.x402_exact_payments.payment_id is 'Its word is the id of the intent in the contract.';
comment on column ves_store.x402_exact_payments.chain_id is 'EIP-155 chain id (signed).';
comment on column ves_store.x402_exact_payments.settlement_contract is 'Contract that settles it.';
comment on column ves_store.x402_exact_payments.token_address is 'Token, lower case (signed).';
comment on column ves_store.x402_exact_payments.payer_address is 'Payer, lower case (signed).';
comment on column ves_store.x402_exact_payments.nonce is '32 bytes, once per payer and token for ever, over all tenants (signed).';
comment on column ves_store.x402_exact_payments.payee_address is 'Payee, lower case (signed).';
comment on column ves_store.x402_exact_payments.amount is 'Smallest unit of the token (signed).';
comment on column ves_store.x402_exact_payments.valid_after is 'Unix seconds, excluded (signed).';
comment on column ves_store.x402_exact_payments.valid_before is 'Unix seconds, excluded (signed).';
comment on column ves_store.x402_exact_payments.signature is 'As the token takes it.';
comment on column ves_store.x402_exact_payments.digest is 'What is signed (x402 B4).';
comment on column ves_store.x402_exact_payments.payment_identifier is 'Id of the extension payment-identifier, unique per tenant.';
comment on column ves_store.x402_exact_payments.resource is 'URL of what is paid for, as sent.';
comment on column ves_store.x402_exact_payments.delivery_id is
'Response that the payment buys, as the resource server names it: the payment is settled for no other one. Null: the server names none.';
comment on column ves_store.x402_exact_payments.status is
'recorded: nothing is sent; batched: its batch may be mined; confirmed: its transfer is in a block that may still be replaced; settled: that block is final; failed: no money moved by the blocks that were final, and nothing more is sent; settled after all when somebody else uses the authorization.';
comment on column ves_store.x402_exact_payments.batch_id is 'Its batch; the last one after a batch failed; null: nothing was sent.';
comment on column ves_store.x402_exact_payments.tx_hash is 'Newest transaction that may pay it or has paid it.';
comment on column ves_store.x402_exact_payments.reason is 'Why it failed, a reason of the standard (x402 B5).';
comment on column ves_store.x402_exact_payments.reverts is
'Transactions for this payment alone that reverted, each in a final block; at the third it fails.';
comment on column ves_store.x402_exact_payments.recheck_at is
'When the chain is asked whether somebody else has used the authorization of a failed payment; null: never again.';
comment on column ves_store.x402_exact_payments.created_at is 'When it was recorded.';
comment on column ves_store.x402_exact_payments.updated_at is 'Last change.';
