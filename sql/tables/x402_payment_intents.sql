create table ves_store.x402_payment_intents (
  tenant_id uuid not null,
  store_id uuid not null,
  intent_id uuid not null default gen_random_uuid(),
  sequence_number bigint not null,
  status text not null,
  source_agent_id uuid not null,
  agent_key_id integer not null,
  payer_address text not null,
  payer_key text not null,
  payee_address text not null,
  amount bigint not null,
  asset text not null,
  network text not null,
  chain_id bigint not null,
  token_address text,
  valid_until bigint not null,
  nonce bigint not null,
  idempotency_key text,
  fingerprint bytea not null,
  resource_uri text,
  description text,
  order_id uuid,
  merchant_id text,
  signing_hash bytea not null,
  payer_signature bytea not null,
  payer_public_key bytea,
  leaf_hash bytea not null,
  record_hash bytea not null,
  settlement_contract text,
  batch_id uuid,
  tx_hash text,
  block_number bigint,
  settled_at timestamptz,
  failure text,
  metadata json,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_payment_intents_pkey primary key (intent_id, tenant_id),
  constraint x402_payment_intents_tenant_id_store_id_sequence_number_key
  unique (tenant_id, store_id, sequence_number),
  constraint x402_payment_intents_payer_key_nonce_store_id_tenant_id_key
  unique (payer_key, nonce, store_id, tenant_id),
  constraint x402_payment_intents_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint status_is_an_intent_state check (
    status in ('sequenced', 'batched', 'settled', 'failed', 'expired')
  ),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint amount_is_positive check (amount > 0),
  constraint validity_ends_after_creation check (valid_until >= floor(extract(epoch from created_at))),
  constraint hashes_have_their_lengths check (
    octet_length(fingerprint) = 32 and octet_length(signing_hash) = 32 and octet_length(leaf_hash) = 32
    and octet_length(record_hash) = 32
    and octet_length(payer_signature) = 64 and octet_length(payer_public_key) = 32
  ),
  constraint texts_have_their_lengths check (
    octet_length(payer_address) <= 66 and octet_length(payee_address) <= 66
    and octet_length(idempotency_key) <= 255 and octet_length(resource_uri) <= 4096
    and octet_length(description) <= 8192 and char_length(merchant_id) <= 255
  ),
  constraint batched_intent_has_a_batch check (
    (status in ('batched', 'settled', 'failed')) = (batch_id is not null)
  ),
  constraint failed_intent_says_why check ((status = 'failed') = (failure is not null)),
  constraint settled_intent_says_when check ((status = 'settled') = (settled_at is not null))
);

create unique index x402_payment_intents_idempotency_idx
on ves_store.x402_payment_intents (idempotency_key, store_id, tenant_id)
where idempotency_key is not null;

create index x402_payment_intents_listing_idx
on ves_store.x402_payment_intents (tenant_id, created_at, intent_id);

create index x402_payment_intents_store_listing_idx
on ves_store.x402_payment_intents (tenant_id, store_id, created_at, intent_id);

create index x402_payment_intents_payer_idx
on ves_store.x402_payment_intents (tenant_id, payer_address, created_at);

create index x402_payment_intents_batch_idx on ves_store.x402_payment_intents (batch_id, tenant_id);

-- What waits to be batched or to expire. A row leaves these when it is batched, so they stay small.
create index x402_payment_intents_waiting_idx
on ves_store.x402_payment_intents (network, tenant_id, store_id, sequence_number)
where status = 'sequenced';

create index x402_payment_intents_expiry_idx
on ves_store.x402_payment_intents (valid_until)
where status = 'sequenced';

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_payment_intents.status', '', 'sequenced'),
('x402_payment_intents.status', 'sequenced', 'batched'),
('x402_payment_intents.status', 'sequenced', 'expired'),
('x402_payment_intents.status', 'batched', 'settled'),
('x402_payment_intents.status', 'batched', 'failed');

comment on table ves_store.x402_payment_intents is
'Payment intents (x402 A6, A12), numbered 1..n without a gap per (tenant, store), apart from events. What the payer signed never changes.';
comment on column ves_store.x402_payment_intents.tenant_id is 'Tenant.';
comment on column ves_store.x402_payment_intents.store_id is 'Store.';
comment on column ves_store.x402_payment_intents.intent_id is 'Drawn by the database.';
comment on column ves_store.x402_payment_intents.sequence_number is 'Number among the intents of the stream, from 1.';
comment on column ves_store.x402_payment_intents.status is 'State of its life cycle (x402 A11).';
comment on column ves_store.x402_payment_intents.source_agent_id is 'Agent that submitted it.';
comment on column ves_store.x402_payment_intents.agent_key_id is 'Number of the agent''s key, unsigned 32 bits by bit pattern.';
comment on column ves_store.x402_payment_intents.payer_address is 'As sent (signed).';
comment on column ves_store.x402_payment_intents.payer_key is
'The payer by which nonces are counted: an address of 20 bytes in lower case with 0x, any other text as sent (x402 T5).';
comment on column ves_store.x402_payment_intents.payee_address is 'As sent (signed).';
comment on column ves_store.x402_payment_intents.amount is 'Smallest unit of the asset, 1 to 2^63-1 (signed).';
comment on column ves_store.x402_payment_intents.asset is 'Asset (signed).';
comment on column ves_store.x402_payment_intents.network is 'Network (signed).';
comment on column ves_store.x402_payment_intents.chain_id is 'Chain of the network (signed).';
comment on column ves_store.x402_payment_intents.token_address is 'Token of the asset when it was submitted; not signed.';
comment on column ves_store.x402_payment_intents.valid_until is 'Unix seconds, the last one included (signed).';
comment on column ves_store.x402_payment_intents.nonce is 'Unsigned 64 bits by bit pattern (signed).';
comment on column ves_store.x402_payment_intents.idempotency_key is 'Unique per stream, for ever.';
comment on column ves_store.x402_payment_intents.fingerprint is 'SHA-256 of the request; a repeat of the key must have the same.';
comment on column ves_store.x402_payment_intents.resource_uri is 'What is paid for.';
comment on column ves_store.x402_payment_intents.description is 'As sent.';
comment on column ves_store.x402_payment_intents.order_id is 'As sent.';
comment on column ves_store.x402_payment_intents.merchant_id is 'As sent.';
comment on column ves_store.x402_payment_intents.signing_hash is 'What the payer signed, 32 bytes (x402 A4).';
comment on column ves_store.x402_payment_intents.payer_signature is 'Ed25519, 64 bytes (x402 A5).';
comment on column ves_store.x402_payment_intents.payer_public_key is 'As sent, 32 bytes; null: the agent''s registered key was used.';
comment on column ves_store.x402_payment_intents.leaf_hash is 'Leaf in a batch tree, 32 bytes (x402 A9).';
comment on column ves_store.x402_payment_intents.record_hash is 'SHA-256 over what the leaf does not cover and never changes (ves_int.payment_record_hash); set by a trigger.';
comment on column ves_store.x402_payment_intents.settlement_contract is
'Contract in which the payer''s nonce was reserved when it was submitted; null: the intent cannot be settled on chain.';
comment on column ves_store.x402_payment_intents.batch_id is 'Its batch.';
comment on column ves_store.x402_payment_intents.tx_hash is 'Transaction that settled it, as it was reported.';
comment on column ves_store.x402_payment_intents.block_number is 'Block of that transaction.';
comment on column ves_store.x402_payment_intents.settled_at is 'When the settlement was recorded.';
comment on column ves_store.x402_payment_intents.failure is 'Why the payment failed on chain.';
comment on column ves_store.x402_payment_intents.metadata is 'JSON text as sent.';
comment on column ves_store.x402_payment_intents.created_at is 'When it was submitted.';
comment on column ves_store.x402_payment_intents.sequenced_at is 'When the number was given.';
comment on column ves_store.x402_payment_intents.updated_at is 'Last change.';
