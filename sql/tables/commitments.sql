create table ves_store.commitments (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  events_root bytea not null,
  prev_state_root bytea not null,
  new_state_root bytea not null,
  event_count integer not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  previous_end bigint,
  committed_at timestamptz not null,
  constraint commitments_pkey primary key (batch_id, tenant_id),
  constraint commitments_tenant_id_store_id_sequence_start_key
  unique (tenant_id, store_id, sequence_start),
  constraint commitments_tenant_id_store_id_sequence_end_key
  unique (tenant_id, store_id, sequence_end),
  constraint commitments_tenant_id_store_id_previous_end_key
  unique (tenant_id, store_id, previous_end),
  constraint commitments_tenant_id_store_id_previous_end_fkey
  foreign key (tenant_id, store_id, previous_end)
  references ves_store.commitments (tenant_id, store_id, sequence_end),
  constraint commitments_tenant_id_store_id_sequence_start_fkey
  foreign key (tenant_id, store_id, sequence_start)
  references ves_store.events (tenant_id, store_id, sequence_number),
  constraint commitments_tenant_id_store_id_sequence_end_fkey
  foreign key (tenant_id, store_id, sequence_end)
  references ves_store.events (tenant_id, store_id, sequence_number),
  constraint range_starts_after_the_previous_end check (sequence_start = previous_end + 1),
  constraint sequence_range_is_not_empty check (sequence_end >= sequence_start),
  constraint event_count_is_the_length_of_the_range check (event_count = sequence_end - sequence_start + 1),
  constraint roots_have_32_bytes check (
    octet_length(events_root) = 32
    and octet_length(prev_state_root) = 32
    and octet_length(new_state_root) = 32
  )
);

-- A stream has one first commitment; every other one continues another.
create unique index commitments_first_idx
on ves_store.commitments (tenant_id, store_id) where previous_end is null;

comment on table ves_store.commitments is 'Legacy commitments (VES 17.3): root of a range and the entity versions at that time. Append-only.';
comment on column ves_store.commitments.tenant_id is 'Tenant.';
comment on column ves_store.commitments.store_id is 'Store.';
comment on column ves_store.commitments.batch_id is 'Random UUID.';
comment on column ves_store.commitments.events_root is 'Root over the leaves of the range, 32 bytes.';
comment on column ves_store.commitments.prev_state_root is 'new_state_root of the commitment before; zeros for the first.';
comment on column ves_store.commitments.new_state_root is 'Hash over every entity version when the commitment was made, 32 bytes.';
comment on column ves_store.commitments.event_count is 'Events in the range.';
comment on column ves_store.commitments.sequence_start is 'First number, inclusive.';
comment on column ves_store.commitments.sequence_end is 'Last number, inclusive.';
comment on column ves_store.commitments.previous_end is 'sequence_end of the commitment before; null for the first, which may start anywhere.';
comment on column ves_store.commitments.committed_at is 'When.';
