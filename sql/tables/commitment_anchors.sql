create table ves_store.commitment_anchors (
  tenant_id uuid not null,
  batch_id uuid not null,
  anchor text not null,
  is_legacy boolean not null,
  status text not null,
  committed_at timestamptz not null,
  requested_at timestamptz not null default 'infinity',
  call_id uuid,
  proof_path bytea,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  reason text,
  anchored_at timestamptz,
  constraint commitment_anchors_pkey primary key (batch_id, anchor, tenant_id),
  constraint anchor_is_a_known_one check (anchor in ('chain', 'opentimestamps')),
  constraint status_is_an_anchor_status check (
    status in ('pending', 'planned', 'submitted', 'anchored', 'contradicted')
  ),
  constraint chain_tx_hash_has_32_bytes check (octet_length(chain_tx_hash) = 32),
  constraint submitted_anchor_has_a_transaction check (
    anchor <> 'chain' or (status in ('submitted', 'anchored')) = (chain_tx_hash is not null)
  ),
  constraint chain_is_named_with_the_transaction check ((chain_id is null) = (chain_tx_hash is null)),
  constraint anchored_only_with_a_transaction check (
    anchor <> 'chain' or anchored_at is null or chain_tx_hash is not null
  ),
  constraint timestamped_anchor_has_a_path check (
    (proof_path is not null) = (anchor = 'opentimestamps' and status in ('submitted', 'anchored'))
  )
);

create index commitment_anchors_pending_idx on ves_store.commitment_anchors (
  anchor, is_legacy, tenant_id, requested_at, committed_at, batch_id
)
where status = 'pending';

create index commitment_anchors_open_idx on ves_store.commitment_anchors (anchor, status, committed_at)
where status <> 'anchored';

create index commitment_anchors_call_idx on ves_store.commitment_anchors (call_id) where call_id is not null;

insert into ves_store.transitions (machine, from_state, to_state)
values
('commitment_anchors.status', '', 'pending'),
('commitment_anchors.status', 'pending', 'planned'),
('commitment_anchors.status', 'pending', 'submitted'),
('commitment_anchors.status', 'planned', 'submitted'),
('commitment_anchors.status', 'submitted', 'anchored'),
('commitment_anchors.status', 'submitted', 'contradicted'),
('commitment_anchors.status', 'submitted', 'pending'),
('commitment_anchors.status', 'anchored', 'submitted'),
('commitment_anchors.status', 'contradicted', 'pending'),
('commitment_anchors.status', 'pending', 'anchored'),
('commitment_anchors.status', 'planned', 'anchored'),
('commitment_anchors.status', 'contradicted', 'anchored');

comment on table ves_store.commitment_anchors is
'Where each commitment of either stream is anchored (chain 8): one row for an anchor, kept apart from the append-only record. A trigger makes it with the commitment.';
comment on column ves_store.commitment_anchors.tenant_id is 'Tenant.';
comment on column ves_store.commitment_anchors.batch_id is 'Commitment.';
comment on column ves_store.commitment_anchors.anchor is 'chain: the contract SET_REGISTRY_ADDRESS; opentimestamps: the Bitcoin chain, through calendars (ves_store.timestamps).';
comment on column ves_store.commitment_anchors.is_legacy is 'Whether it is a commitment of a legacy stream.';
comment on column ves_store.commitment_anchors.status is
'pending: nothing is sent; planned: in a call of the outbox that is not signed; submitted: a transaction may be mined, or a calendar has promised one; anchored: final, with the root that is stored here; contradicted: the contract has other content under this id, or none.';
comment on column ves_store.commitment_anchors.committed_at is 'When the commitment was made: the oldest of a tenant is anchored first.';
comment on column ves_store.commitment_anchors.requested_at is 'When somebody asked for it (http-api 6), infinity: nobody has. Such a one comes first.';
comment on column ves_store.commitment_anchors.call_id is 'What the transaction of the outbox is for, or the row of ves_store.timestamps: the commitments of one call share it.';
comment on column ves_store.commitment_anchors.proof_path is 'Of opentimestamps: operations of the OpenTimestamps format that lead from the commitment''s digest to the digest that the calendars have; empty when they are the same.';
comment on column ves_store.commitment_anchors.chain_id is 'EIP-155 chain id.';
comment on column ves_store.commitment_anchors.chain_tx_hash is 'Transaction hash, 32 bytes; null while nothing was submitted.';
comment on column ves_store.commitment_anchors.chain_block_number is 'Block of the transaction, which may still be replaced while the status is submitted; of opentimestamps the height of the Bitcoin block.';
comment on column ves_store.commitment_anchors.reason is 'Why it is contradicted, or waits again.';
comment on column ves_store.commitment_anchors.anchored_at is 'When finality was seen; null again after a reorg below the final depth.';
