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
