create table ves_store.ves_commitment_anchors (
  tenant_id uuid not null,
  batch_id uuid not null,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  anchored_at timestamptz,
  constraint ves_commitment_anchors_pkey primary key (batch_id, tenant_id),
  constraint ves_commitment_anchors_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint chain_tx_hash_has_32_bytes check (octet_length(chain_tx_hash) = 32),
  constraint anchored_only_with_a_transaction check (anchored_at is null or chain_tx_hash is not null)
);

comment on table ves_store.ves_commitment_anchors is 'Anchoring state of a commitment: the part that may advance, kept apart from the append-only record.';
comment on column ves_store.ves_commitment_anchors.tenant_id is 'Tenant.';
comment on column ves_store.ves_commitment_anchors.batch_id is 'Commitment.';
comment on column ves_store.ves_commitment_anchors.chain_id is 'EVM chain id.';
comment on column ves_store.ves_commitment_anchors.chain_tx_hash is 'Transaction hash, 32 bytes; null while nothing was submitted.';
comment on column ves_store.ves_commitment_anchors.chain_block_number is 'Block of the transaction.';
comment on column ves_store.ves_commitment_anchors.anchored_at is 'When finality was seen.';
