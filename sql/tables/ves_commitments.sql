create table ves_store.ves_commitments (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  ves_version integer not null default 1,
  tree_depth integer not null,
  leaf_count integer not null,
  padded_leaf_count integer not null,
  merkle_root bytea not null,
  prev_state_root bytea not null,
  new_state_root bytea not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  previous_end bigint,
  committed_at timestamptz not null,
  constraint ves_commitments_pkey primary key (batch_id, tenant_id),
  constraint ves_commitments_tenant_id_store_id_sequence_start_key
  unique (tenant_id, store_id, sequence_start),
  constraint ves_commitments_tenant_id_store_id_sequence_end_key
  unique (tenant_id, store_id, sequence_end),
  constraint ves_commitments_tenant_id_store_id_previous_end_key
  unique (tenant_id, store_id, previous_end),
  constraint ves_commitments_tenant_id_store_id_previous_end_fkey
  foreign key (tenant_id, store_id, previous_end)
  references ves_store.ves_commitments (tenant_id, store_id, sequence_end),
  constraint ves_commitments_tenant_id_store_id_sequence_start_fkey
  foreign key (tenant_id, store_id, sequence_start)
  references ves_store.ves_events (tenant_id, store_id, sequence_number),
  constraint ves_commitments_tenant_id_store_id_sequence_end_fkey
  foreign key (tenant_id, store_id, sequence_end)
  references ves_store.ves_events (tenant_id, store_id, sequence_number),
  constraint range_starts_after_the_previous_end check (sequence_start = previous_end + 1),
  constraint sequence_range_is_not_empty check (sequence_end >= sequence_start),
  constraint leaf_count_is_the_length_of_the_range check (leaf_count = sequence_end - sequence_start + 1),
  constraint padding_is_a_power_of_two check (
    padded_leaf_count = 1 << tree_depth and padded_leaf_count >= leaf_count
  ),
  constraint roots_have_32_bytes check (
    octet_length(merkle_root) = 32
    and octet_length(prev_state_root) = 32
    and octet_length(new_state_root) = 32
  )
);

-- A stream has one first commitment; every other one continues another.
create unique index ves_commitments_first_idx
on ves_store.ves_commitments (tenant_id, store_id) where previous_end is null;

comment on table ves_store.ves_commitments is 'VES commitments (VES 10): Merkle root of a range and its place in the state-root chain. Append-only.';
comment on column ves_store.ves_commitments.tenant_id is 'Tenant.';
comment on column ves_store.ves_commitments.store_id is 'Store.';
comment on column ves_store.ves_commitments.batch_id is 'Random UUID.';
comment on column ves_store.ves_commitments.ves_version is 'Protocol version, 1.';
comment on column ves_store.ves_commitments.tree_depth is 'log2(padded_leaf_count).';
comment on column ves_store.ves_commitments.leaf_count is 'Events in the range.';
comment on column ves_store.ves_commitments.padded_leaf_count is 'Leaves of the padded tree.';
comment on column ves_store.ves_commitments.merkle_root is 'VES 9.2, 32 bytes.';
comment on column ves_store.ves_commitments.prev_state_root is 'new_state_root of the commitment before; zeros for the first.';
comment on column ves_store.ves_commitments.new_state_root is 'VES 10.2, 32 bytes.';
comment on column ves_store.ves_commitments.sequence_start is 'First number, inclusive.';
comment on column ves_store.ves_commitments.sequence_end is 'Last number, inclusive.';
comment on column ves_store.ves_commitments.previous_end is 'sequence_end of the commitment before; null for the first, which may start anywhere.';
comment on column ves_store.ves_commitments.committed_at is 'When.';
