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
  record_hash bytea not null,
  signature bytea,
  payload json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz,
  constraint events_pkey primary key (event_id, tenant_id),
  constraint events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint envelope_version_is_32_bits check (envelope_version between 0 and 4294967295),
  constraint digests_have_their_lengths check (
    octet_length(payload_hash) = 32 and octet_length(leaf_hash) = 32
  ),
  constraint payload_has_one_stored_form check (
    case
      when shredded_at is not null then payload is null and payload_at_rest is null
      else (payload is null) <> (payload_at_rest is null)
    end
  ),
  constraint ciphertext_names_its_key check (
    (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
  ),
  constraint names_have_their_lengths check (
    octet_length(entity_type) between 1 and 128 and octet_length(entity_id) between 1 and 512
    and octet_length(event_type) between 1 and 256
  )
);

-- The history of an entity: counted and paged without touching the table.
create index events_entity_history_idx
on ves_store.events (entity_id, entity_type, store_id, tenant_id, sequence_number);

-- Ciphertext does not compress: trying would only cost time.
alter table ves_store.events alter column payload_at_rest set storage external;

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
comment on column ves_store.events.record_hash is
'SHA-256 over what leaf and payload hash do not cover: event_id, source_agent, created_at and sequenced_at (microseconds since 2000, 8 bytes each), base_version (8 bytes, -1 for none), envelope_version (8 bytes), event_type (length in 4 bytes, UTF-8), command_id if any, signature if any.';
comment on column ves_store.events.signature is 'As sent; nobody verifies it.';
comment on column ves_store.events.payload is 'The JSON text as received, when it is stored in plaintext.';
comment on column ves_store.events.payload_at_rest is 'The compact form of the payload, encrypted (VES 16: SSE1 blob); null when it is stored in plaintext.';
comment on column ves_store.events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';
