create table ves_store.timestamps (
  timestamp_id uuid not null default gen_random_uuid(),
  root bytea not null,
  proof bytea not null,
  status text not null,
  block_height bigint,
  created_at timestamptz not null,
  due_at timestamptz not null,
  constraint timestamps_pkey primary key (timestamp_id),
  constraint status_is_a_timestamp_state check (status in ('submitted', 'anchored', 'expired')),
  constraint timestamp_root_has_32_bytes check (octet_length(root) = 32),
  constraint proof_has_1_to_65536_bytes check (octet_length(proof) between 1 and 65536),
  constraint anchored_timestamp_has_a_block check ((status = 'anchored') = (block_height is not null)),
  constraint block_height_is_not_negative check (block_height >= 0)
);

create index timestamps_due_idx on ves_store.timestamps (due_at) where status = 'submitted';

insert into ves_store.transitions (machine, from_state, to_state)
values
('timestamps.status', '', 'submitted'),
('timestamps.status', 'submitted', 'anchored'),
('timestamps.status', 'submitted', 'expired');

comment on table ves_store.timestamps is
'Digests that OpenTimestamps calendars have: each is the root over the digests of many commitments, of any tenants, so there is no tenant in its key.';
comment on column ves_store.timestamps.timestamp_id is 'Its commitments have it as their call_id.';
comment on column ves_store.timestamps.root is 'What was sent to the calendars, 32 bytes.';
comment on column ves_store.timestamps.proof is
'Serialized timestamp of the root in the OpenTimestamps format: what follows the path of a commitment in its proof file.';
comment on column ves_store.timestamps.status is
'submitted: calendars have promised to put it into a Bitcoin block; anchored: the proof leads to the Merkle root of a block whose header was read; expired: no calendar kept its promise in time, and its commitments wait for another.';
comment on column ves_store.timestamps.block_height is 'Height of that Bitcoin block.';
comment on column ves_store.timestamps.created_at is 'When the calendars had it.';
comment on column ves_store.timestamps.due_at is 'When the calendars are asked again.';
