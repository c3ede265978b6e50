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
  verified boolean,
  proof_key_id bytea,
  constraint ves_compliance_proofs_pkey primary key (proof_id, tenant_id),
  -- An unverified STARK does not take the place of a later proof.
  constraint ves_compliance_proofs_event_id_tenant_id_proof_type_proof_versi
  exclude using btree (
    event_id with =, tenant_id with =, proof_type with =, proof_version with =, policy_hash with =
  ) where (verified is not false),
  constraint ves_compliance_proofs_event_id_tenant_id_fkey
  foreign key (event_id, tenant_id) references ves_store.ves_events (event_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint policy_id_has_1_to_64_bytes check (octet_length(policy_id) between 1 and 64),
  constraint proof_has_at_most_2_mib check (
    octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
  ),
  constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8),
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

-- An unverified proof is one row for each different submission.
create unique index ves_compliance_proofs_submission_idx on ves_store.ves_compliance_proofs (
  event_id, tenant_id, proof_type, proof_version, policy_hash, proof_hash, public_inputs_hash,
  witness_commitment, verified
);

-- Proofs are random bytes: compression would only cost time.
alter table ves_store.ves_compliance_proofs alter column proof set storage external;

comment on table ves_store.ves_compliance_proofs is
'Compliance proofs of events (VES 13), one for each event, type, version and policy, and beside it those that were stored unverified. Append-only. A proof gives the amount away: only those who may read the event may read it.';
comment on column ves_store.ves_compliance_proofs.tenant_id is 'Tenant.';
comment on column ves_store.ves_compliance_proofs.store_id is 'Store; that of the event.';
comment on column ves_store.ves_compliance_proofs.event_id is 'The event that the proof is about.';
comment on column ves_store.ves_compliance_proofs.proof_id is 'Random UUID.';
comment on column ves_store.ves_compliance_proofs.proof_type is '1 to 32 bytes; a type that starts with stark is one that we can verify.';
comment on column ves_store.ves_compliance_proofs.proof_version is '2 for STARK proofs.';
comment on column ves_store.ves_compliance_proofs.policy_id is '1 to 64 bytes.';
comment on column ves_store.ves_compliance_proofs.policy_params is 'The JSON text as received: the hashes are those of this text, never of a jsonb.';
comment on column ves_store.ves_compliance_proofs.policy_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.proof_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.public_inputs is 'The 11 canonical public inputs.';
comment on column ves_store.ves_compliance_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 13), 32 bytes.';
comment on column ves_store.ves_compliance_proofs.witness_commitment is 'Four big-endian u64, 32 bytes; null when the proof was submitted without one.';
comment on column ves_store.ves_compliance_proofs.proof_options is 'The eight option bytes of a STARK proof, from which its strength follows; null for other types.';
comment on column ves_store.ves_compliance_proofs.amount_binding is 'Whether the committed amount is the payload''s: bound, not_checkable_by_server (encrypted), no_amount_in_payload, not_applicable, mismatch (only if verification on submission was off).';
comment on column ves_store.ves_compliance_proofs.submitted_at is 'When.';
comment on column ves_store.ves_compliance_proofs.verified is 'True: verified before it was stored. False: a STARK stored while verification on submission was off; it holds no place, so it keeps no later proof out. Null: of a type that nobody verifies.';
comment on column ves_store.ves_compliance_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_compliance_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';
