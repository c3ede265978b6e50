-- The proof registries (VES 12, 13). Frozen once released; sql/types and sql/tables hold the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create type ves.compliance_proof as (
  proof_id uuid,
  event_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  policy_id text,
  policy_params json,
  policy_hash bytea,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  witness_commitment bytea,
  proof_options bytea,
  amount_binding text,
  submitted_at timestamptz,
  proof bytea
);

comment on type ves.compliance_proof is
'One stored compliance proof (VES 13). JSON members are texts as received; proof is null in lists.';

create type ves.proof_verdict as (
  proof_id uuid,
  proof_hash_match boolean,
  policy_hash_match boolean,
  public_inputs_match boolean,
  stark_valid boolean,
  stark_error text,
  stark_verification_time_ms bigint,
  valid boolean,
  reason text,
  amount_binding text,
  strength jsonb
);

comment on type ves.proof_verdict is
'What a check of a stored proof found (VES 13). stark_valid is null when no STARK was verified; reason is null when valid; strength says what the proof is worth (bits, what is bound and what is not), null for proofs that we cannot judge.';

create type ves.validity_proof as (
  proof_id uuid,
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  submitted_at timestamptz,
  proof bytea
);

comment on type ves.validity_proof is 'One stored validity proof of a commitment (VES 12); proof is null in lists.';

create table ves_store.ves_compliance_proofs (
  tenant_id uuid not null,
  store_id uuid not null,
  event_id uuid not null,
  proof_id uuid not null,
  proof_type text not null,
  proof_version integer not null,
  policy_id text not null,
  policy_params json not null,
  policy_hash bytea not null,
  proof bytea not null,
  proof_hash bytea not null,
  public_inputs json not null,
  public_inputs_hash bytea not null,
  witness_commitment bytea,
  proof_options bytea,
  amount_binding text not null,
  submitted_at timestamptz not null,
  constraint ves_compliance_proofs_pkey primary key (proof_id, tenant_id),
  constraint ves_compliance_proofs_event_id_tenant_id_proof_type_proof_versi
  unique (event_id, tenant_id, proof_type, proof_version, policy_hash),
  constraint ves_compliance_proofs_event_id_tenant_id_fkey
  foreign key (event_id, tenant_id) references ves_store.ves_events (event_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint policy_id_has_1_to_64_bytes check (octet_length(policy_id) between 1 and 64),
  constraint proof_has_at_most_2_mib check (octet_length(proof) between 1 and 2097152),
  constraint hashes_have_32_bytes check (
    octet_length(policy_hash) = 32 and octet_length(proof_hash) = 32 and octet_length(public_inputs_hash) = 32
  ),
  constraint witness_commitment_has_32_bytes check (octet_length(witness_commitment) = 32),
  constraint amount_binding_is_a_known_state check (
    amount_binding in (
      'bound', 'not_checkable_by_server', 'no_amount_in_payload', 'not_applicable', 'mismatch'
    )
  )
);

-- Proofs are random bytes: compression would only cost time.
alter table ves_store.ves_compliance_proofs alter column proof set storage external;

comment on table ves_store.ves_compliance_proofs is
'Compliance proofs of events (VES 13), one for each event, type, version and policy. Append-only. A proof gives the amount away: only those who may read the event may read it.';
comment on column ves_store.ves_compliance_proofs.tenant_id is 'Tenant.';
comment on column ves_store.ves_compliance_proofs.store_id is 'Store; that of the event.';
comment on column ves_store.ves_compliance_proofs.event_id is 'The event that the proof is about.';
comment on column ves_store.ves_compliance_proofs.proof_id is 'Random UUID.';
comment on column ves_store.ves_compliance_proofs.proof_type is '1 to 32 bytes; a type that starts with stark is one that we can verify.';
comment on column ves_store.ves_compliance_proofs.proof_version is '2 for STARK proofs.';
comment on column ves_store.ves_compliance_proofs.policy_id is '1 to 64 bytes.';
comment on column ves_store.ves_compliance_proofs.policy_params is 'The JSON text as received: the hashes are those of this text, never of a jsonb.';
comment on column ves_store.ves_compliance_proofs.policy_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.proof is 'The proof''s bytes, unencrypted, at most 2 MiB.';
comment on column ves_store.ves_compliance_proofs.proof_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.public_inputs is 'The 11 canonical public inputs.';
comment on column ves_store.ves_compliance_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 13), 32 bytes.';
comment on column ves_store.ves_compliance_proofs.witness_commitment is 'Four big-endian u64, 32 bytes; null when the proof was submitted without one.';
comment on column ves_store.ves_compliance_proofs.proof_options is 'The eight option bytes of a STARK proof, from which its strength follows; null for other types.';
comment on column ves_store.ves_compliance_proofs.amount_binding is 'Whether the committed amount is the payload''s: bound, not_checkable_by_server (encrypted), no_amount_in_payload, not_applicable, mismatch (only if verification on submission was off).';
comment on column ves_store.ves_compliance_proofs.submitted_at is 'When.';

create table ves_store.ves_compliance_witnesses (
  tenant_id uuid not null,
  proof_id uuid not null,
  witness_commitment bytea not null,
  submitted_at timestamptz not null,
  constraint ves_compliance_witnesses_pkey primary key (proof_id, tenant_id),
  constraint ves_compliance_witnesses_proof_id_tenant_id_fkey
  foreign key (proof_id, tenant_id) references ves_store.ves_compliance_proofs (proof_id, tenant_id),
  constraint witness_commitment_has_32_bytes check (octet_length(witness_commitment) = 32)
);

comment on table ves_store.ves_compliance_witnesses is
'Witness commitments that came with a later submission of a stored proof (VES 13: filled in when missing), apart from the append-only record. Append-only.';
comment on column ves_store.ves_compliance_witnesses.tenant_id is 'Tenant.';
comment on column ves_store.ves_compliance_witnesses.proof_id is 'The proof.';
comment on column ves_store.ves_compliance_witnesses.witness_commitment is 'Four big-endian u64, 32 bytes.';
comment on column ves_store.ves_compliance_witnesses.submitted_at is 'When.';

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
  constraint ves_validity_proofs_pkey primary key (proof_id, tenant_id),
  constraint ves_validity_proofs_batch_id_tenant_id_proof_type_proof_version
  unique (batch_id, tenant_id, proof_type, proof_version),
  constraint ves_validity_proofs_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint proof_has_at_most_2_mib check (octet_length(proof) between 1 and 2097152),
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
comment on column ves_store.ves_validity_proofs.proof is 'The proof''s bytes, unencrypted, at most 2 MiB.';
comment on column ves_store.ves_validity_proofs.proof_hash is 'VES 12, 32 bytes.';
comment on column ves_store.ves_validity_proofs.public_inputs is 'The 15 canonical public inputs.';
comment on column ves_store.ves_validity_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 12), 32 bytes.';
comment on column ves_store.ves_validity_proofs.submitted_at is 'When.';
