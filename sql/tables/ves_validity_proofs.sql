create table ves_store.ves_validity_proofs (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  proof_id uuid not null,
  proof_type text not null,
  proof_version integer not null,
  proof bytea not null,
  proof_hash bytea not null,
  public_inputs json not null,
  public_inputs_hash bytea not null,
  submitted_at timestamptz not null,
  proof_key_id bytea,
  constraint ves_validity_proofs_pkey primary key (proof_id, tenant_id),
  constraint ves_validity_proofs_batch_id_tenant_id_proof_type_proof_version
  unique (batch_id, tenant_id, proof_type, proof_version),
  constraint ves_validity_proofs_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint proof_has_at_most_2_mib check (
    octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
  ),
  constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8),
  constraint hashes_have_32_bytes check (
    octet_length(proof_hash) = 32 and octet_length(public_inputs_hash) = 32
  )
);

-- Proofs are random bytes: compression would only cost time.
alter table ves_store.ves_validity_proofs alter column proof set storage external;

comment on table ves_store.ves_validity_proofs is
'Validity proofs of commitments (VES 12), one for each commitment, type and version. Append-only. Stored, hashed and listed; a batch STARK is not verified.';
comment on column ves_store.ves_validity_proofs.tenant_id is 'Tenant.';
comment on column ves_store.ves_validity_proofs.store_id is 'Store; that of the commitment.';
comment on column ves_store.ves_validity_proofs.batch_id is 'The commitment that the proof is about.';
comment on column ves_store.ves_validity_proofs.proof_id is 'Random UUID.';
comment on column ves_store.ves_validity_proofs.proof_type is '1 to 32 bytes.';
comment on column ves_store.ves_validity_proofs.proof_version is '2 for STARK proofs.';
comment on column ves_store.ves_validity_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_validity_proofs.proof_hash is 'VES 12, 32 bytes.';
comment on column ves_store.ves_validity_proofs.public_inputs is 'The 15 canonical public inputs.';
comment on column ves_store.ves_validity_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 12), 32 bytes.';
comment on column ves_store.ves_validity_proofs.submitted_at is 'When.';
comment on column ves_store.ves_validity_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';
