-- The legacy stream (VES 17): its events, counter, command ids and commitments.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create type ves.legacy_commitment as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  prev_state_root bytea,
  new_state_root bytea,
  events_root bytea,
  event_count integer,
  sequence_start bigint,
  sequence_end bigint,
  committed_at timestamptz,
  chain_tx_hash bytea,
  anchored_at timestamptz
);

comment on type ves.legacy_commitment is 'One legacy commitment (VES 17.3) with its anchoring state; roots are 32 raw bytes.';

create type ves.legacy_event as (
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  event_id uuid,
  command_id uuid,
  source_agent uuid,
  envelope_version bigint,
  base_version bigint,
  created_at timestamptz,
  sequenced_at timestamptz,
  entity_type text,
  entity_id text,
  event_type text,
  payload_hash bytea,
  signature bytea,
  payload json
);

comment on type ves.legacy_event is 'One stored legacy event (VES 17.1); payload is the text received.';

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
  committed_at timestamptz not null,
  constraint commitments_pkey primary key (batch_id, tenant_id),
  constraint commitments_tenant_id_store_id_sequence_start_key unique (tenant_id, store_id, sequence_start),
  constraint sequence_range_is_not_empty check (sequence_end >= sequence_start),
  constraint event_count_is_the_length_of_the_range check (event_count = sequence_end - sequence_start + 1),
  constraint roots_have_32_bytes check (
    octet_length(events_root) = 32
    and octet_length(prev_state_root) = 32
    and octet_length(new_state_root) = 32
  )
);

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
comment on column ves_store.commitments.committed_at is 'When.';

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

create table ves_store.commitment_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint commitment_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint commitment_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.commitments (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

-- Uncompressed out of line: substring() then reads only the chunk that holds one node.
alter table ves_store.commitment_nodes alter column nodes set storage external;

comment on table ves_store.commitment_nodes is 'The tree of a legacy commitment, one row a level. Append-only.';
comment on column ves_store.commitment_nodes.tenant_id is 'Tenant.';
comment on column ves_store.commitment_nodes.batch_id is 'Commitment.';
comment on column ves_store.commitment_nodes.level is '0 = leaves.';
comment on column ves_store.commitment_nodes.nodes is 'Concatenated 32-byte nodes; an unpaired last one is repeated unchanged in the level above.';

create table ves_store.event_command_dedupe (
  tenant_id uuid not null,
  store_id uuid not null,
  command_id uuid not null,
  created_at timestamptz not null default now(),
  -- The selective column first, as in ves_command_dedupe.
  constraint event_command_dedupe_pkey primary key (command_id, tenant_id, store_id)
);

comment on table ves_store.event_command_dedupe is 'Command ids used in a legacy stream; one accepted event per command.';
comment on column ves_store.event_command_dedupe.tenant_id is 'Tenant.';
comment on column ves_store.event_command_dedupe.store_id is 'Store.';
comment on column ves_store.event_command_dedupe.command_id is 'Command id of an accepted event.';
comment on column ves_store.event_command_dedupe.created_at is 'When the event was accepted.';

create table ves_store.events (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  event_id uuid not null,
  command_id uuid,
  source_agent uuid not null,
  envelope_version bigint not null default 1,
  base_version bigint,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  payload_hash bytea not null,
  leaf_hash bytea not null,
  signature bytea,
  payload json not null,
  constraint events_pkey primary key (event_id, tenant_id),
  constraint events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint envelope_version_is_32_bits check (envelope_version between 0 and 4294967295),
  constraint digests_have_their_lengths check (
    octet_length(payload_hash) = 32 and octet_length(leaf_hash) = 32
  ),
  constraint names_have_their_lengths check (
    octet_length(entity_type) between 1 and 128 and octet_length(entity_id) between 1 and 512
    and octet_length(event_type) between 1 and 256
  )
);

-- The history of an entity: counted and paged without touching the table.
create index events_entity_history_idx
on ves_store.events (entity_id, entity_type, store_id, tenant_id, sequence_number);

comment on table ves_store.events is
'The legacy event log (VES 17): unsigned events, numbered 1..n without a gap per (tenant, store), apart from the VES numbers. Append-only.';
comment on column ves_store.events.tenant_id is 'Tenant.';
comment on column ves_store.events.store_id is 'Store.';
comment on column ves_store.events.sequence_number is 'Number in the legacy stream, from 1.';
comment on column ves_store.events.event_id is 'Unique per tenant.';
comment on column ves_store.events.command_id is 'Intent of the client; the first event with it wins.';
comment on column ves_store.events.source_agent is 'Agent that sent the event.';
comment on column ves_store.events.envelope_version is 'As sent; 1 when absent.';
comment on column ves_store.events.base_version is 'Entity version the client expected, if it said so.';
comment on column ves_store.events.created_at is 'The client''s time, to the microsecond.';
comment on column ves_store.events.sequenced_at is 'When the number was given.';
comment on column ves_store.events.entity_type is '1 to 128 bytes.';
comment on column ves_store.events.entity_id is '1 to 512 bytes.';
comment on column ves_store.events.event_type is '1 to 256 bytes.';
comment on column ves_store.events.payload_hash is 'VES 17.1, 32 bytes: SHA-256 of the compact form.';
comment on column ves_store.events.leaf_hash is 'VES 17.3, 32 bytes.';
comment on column ves_store.events.signature is 'As sent; nobody verifies it.';
comment on column ves_store.events.payload is 'The JSON text as received.';

create table ves_store.sequence_counters (
  tenant_id uuid not null,
  store_id uuid not null,
  current_sequence bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint sequence_counters_pkey primary key (tenant_id, store_id),
  constraint current_sequence_is_not_negative check (current_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.sequence_counters is
'Head of each legacy stream. Not a lock: legacy ingest holds the row of ves_sequence_counters, as VES ingest does.';
comment on column ves_store.sequence_counters.tenant_id is 'Tenant.';
comment on column ves_store.sequence_counters.store_id is 'Store.';
comment on column ves_store.sequence_counters.current_sequence is 'Highest number given.';
comment on column ves_store.sequence_counters.updated_at is 'Last change.';
