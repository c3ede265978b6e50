-- Tables of an agent's outbox (operations 14) by the names of the original; those that begin with ves_ are ours.

create table if not exists outbox (
  id integer primary key autoincrement,
  event_id text not null unique,
  command_id text,
  tenant_id text not null,
  store_id text not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  payload text not null check (json_valid(payload)),
  payload_hash text not null,
  base_version integer,
  created_at text not null,
  source_agent text not null,
  signature blob,
  pushed_at text,
  acked_at text,
  remote_sequence integer
);
-- The original may have given other indexes the names without ves_.
create index if not exists ves_outbox_unpushed on outbox (id) where pushed_at is null;
create index if not exists ves_outbox_unacked on outbox (tenant_id, store_id, id) where acked_at is null;
create index if not exists ves_outbox_entity on outbox (tenant_id, store_id, entity_type, entity_id);
create index if not exists ves_outbox_command on outbox (command_id) where command_id is not null;

create table if not exists sync_state (
  key text primary key,
  value text not null,
  updated_at text not null
);

create table if not exists entity_versions (
  tenant_id text not null,
  store_id text not null,
  entity_type text not null,
  entity_id text not null,
  version integer not null,
  updated_at text not null,
  primary key (tenant_id, store_id, entity_type, entity_id)
);

create table if not exists pulled_events (
  sequence_number integer primary key,
  event_id text not null unique,
  command_id text,
  tenant_id text not null,
  store_id text not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  payload text not null,
  payload_hash text not null,
  base_version integer,
  created_at text not null,
  sequenced_at text not null,
  pulled_at text not null,
  source_agent text not null
);

-- The signed bytes of an event, the recipients that it is sealed to ({kid: hex}), and why the sequencer refused it.
-- A refused event is not sent again until it is released.
create table if not exists ves_envelopes (
  event_id text primary key,
  envelope blob not null,
  signing_hash blob not null,
  recipients text,
  refused_reason text,
  refused_message text,
  refused_at text,
  dropped integer not null default 0 check (dropped in (0, 1))
);
create index if not exists ves_envelopes_refused on ves_envelopes (event_id) where refused_at is not null;

-- Verified receipts. They outlive the events, because a later contradiction is shown with them.
create table if not exists ves_receipts (
  tenant_id text not null,
  store_id text not null,
  sequence_number integer not null,
  event_id text not null unique,
  signing_hash blob not null,
  receipt text not null,
  primary key (tenant_id, store_id, sequence_number)
) without rowid;

-- Signing keys of the stream's agents as the sequencer named them first; another key under the same number is refused.
create table if not exists ves_agent_keys (
  tenant_id text not null,
  agent_id text not null,
  key_id integer not null,
  algorithm integer not null,
  public_key blob not null,
  bundle blob,
  primary key (tenant_id, agent_id, key_id)
) without rowid;

-- Commitments that were seen. The list of the API loses those that are anchored, so absence says nothing.
create table if not exists ves_commitments (
  tenant_id text not null,
  store_id text not null,
  sequence_start integer not null,
  sequence_end integer not null,
  commitment text not null,
  primary key (tenant_id, store_id, sequence_start)
) without rowid;

-- Receipts (with the signing hash that they cover) and commitments of a time that a restored sequencer does not know.
create table if not exists ves_withdrawn (
  tenant_id text not null,
  store_id text not null,
  withdrawn_at text not null,
  sequence_number integer not null,
  signing_hash blob,
  document text not null
);

-- Payments for 402 resources, signed before they are sent. Amounts are decimal text, because a token's may exceed 2^63.
create table if not exists ves_purchases (
  purchase_id text not null,
  url text not null,
  state text not null check (state in ('sent', 'paid', 'released')),
  asset text not null,
  amount text not null,
  payee text not null,
  valid_before integer not null,
  header text not null,
  value text not null,
  payment text,
  recorded_at text not null
);
-- The requests of purchases that are no GET without a body: a repeat sends the same bytes.
create table if not exists ves_purchase_requests (
  purchase_id text primary key,
  method text not null,
  content_type text,
  body blob
);
create unique index if not exists ves_purchases_open on ves_purchases (purchase_id) where state <> 'released';
