create table ves_store.commitment_anchors (
  tenant_id uuid not null,
  batch_id uuid not null,
  chain_tx_hash bytea not null,
  anchored_at timestamptz,
  constraint commitment_anchors_pkey primary key (batch_id, tenant_id),
  constraint commitment_anchors_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.commitments (batch_id, tenant_id),
  constraint chain_tx_hash_has_32_bytes check (octet_length(chain_tx_hash) = 32)
);

comment on table ves_store.commitment_anchors is 'Anchoring state of a legacy commitment, kept apart from the append-only record.';
comment on column ves_store.commitment_anchors.tenant_id is 'Tenant.';
comment on column ves_store.commitment_anchors.batch_id is 'Commitment.';
comment on column ves_store.commitment_anchors.chain_tx_hash is 'Transaction hash, 32 bytes.';
comment on column ves_store.commitment_anchors.anchored_at is 'When finality was seen.';
