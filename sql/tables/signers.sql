create table ves_store.signers (
  signer_id integer generated always as identity,
  sequencer_id uuid not null,
  key_version integer not null,
  algorithm text not null,
  public_key bytea,
  registered_at timestamptz not null default now(),
  constraint signers_pkey primary key (signer_id),
  constraint signers_sequencer_id_key_version_algorithm_key unique (sequencer_id, key_version, algorithm),
  constraint algorithm_is_known check (algorithm in ('none', 'ed25519')),
  constraint public_key_matches_algorithm
  check (
    (algorithm = 'none') = (public_key is null) and (public_key is null or octet_length(public_key) = 32)
  )
);

comment on table ves_store.signers is
'Receipt signers: one row per (sequencer id, key version). Belongs to the operator, not to a tenant: the one reason it has no tenant_id.';
comment on column ves_store.signers.signer_id is 'Short name stored with each event.';
comment on column ves_store.signers.sequencer_id is 'VES_SEQUENCER_ID of the process that numbered the event.';
comment on column ves_store.signers.key_version is 'sequencerKeyVersion of the receipt.';
comment on column ves_store.signers.algorithm is 'none: receipts are not signed; ed25519.';
comment on column ves_store.signers.public_key is 'Ed25519 public key, 32 bytes.';
comment on column ves_store.signers.registered_at is 'When the signer first started.';
