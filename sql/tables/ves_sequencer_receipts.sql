create table ves_store.ves_sequencer_receipts (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  receipt_hash bytea not null,
  sequencer_signature bytea,
  stored_at timestamptz not null default now(),
  constraint ves_sequencer_receipts_pkey primary key (tenant_id, store_id, sequence_number),
  constraint receipt_hash_has_32_bytes check (octet_length(receipt_hash) = 32),
  constraint sequencer_signature_has_64_bytes check (octet_length(sequencer_signature) = 64)
);

comment on table ves_store.ves_sequencer_receipts is
'Signatures of receipts, stored after the commit that numbered the event (a receipt is never signed under the stream lock). Everything else a receipt says is in ves_events and signers. A missing row is made good by the receipts worker; the signature is deterministic.';
comment on column ves_store.ves_sequencer_receipts.tenant_id is 'Tenant.';
comment on column ves_store.ves_sequencer_receipts.store_id is 'Store.';
comment on column ves_store.ves_sequencer_receipts.sequence_number is 'The event''s number.';
comment on column ves_store.ves_sequencer_receipts.receipt_hash is 'VES 11, 32 bytes.';
comment on column ves_store.ves_sequencer_receipts.sequencer_signature is 'Ed25519 over receipt_hash, 64 bytes; null when the signer has no key.';
comment on column ves_store.ves_sequencer_receipts.stored_at is 'When the row was stored.';
