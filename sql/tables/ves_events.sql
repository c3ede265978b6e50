create table ves_store.ves_events (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  event_id uuid not null,
  command_id uuid,
  source_agent_id uuid not null,
  agent_key_id integer not null,
  ves_version integer not null default 1,
  payload_kind smallint not null,
  agent_signature_scheme smallint not null default 0,
  signer_id integer not null,
  base_version bigint,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  created_at_str text not null,
  payload_plain_hash bytea not null,
  payload_cipher_hash bytea not null,
  event_signing_hash bytea not null,
  agent_signature bytea not null,
  leaf_hash bytea not null,
  record_hash bytea not null,
  agent_signature_bundle bytea,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz,
  constraint ves_events_pkey primary key (event_id, tenant_id),
  constraint ves_events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint ves_version_is_positive check (ves_version >= 1),
  constraint payload_has_one_stored_form check (
    case
      when
        shredded_at is not null
        then payload is null and payload_encrypted is null and payload_at_rest is null
      when payload_kind = 0 then (payload is null) <> (payload_at_rest is null) and payload_encrypted is null
      else payload_kind = 1 and payload_encrypted is not null and payload is null and payload_at_rest is null
    end
  ),
  constraint ciphertext_names_its_key check (
    (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
  ),
  constraint digests_have_their_lengths check (
    octet_length(payload_plain_hash) = 32 and octet_length(payload_cipher_hash) = 32
    and octet_length(event_signing_hash) = 32 and octet_length(leaf_hash) = 32
    and octet_length(agent_signature) = 64
  ),
  constraint names_have_their_lengths check (
    octet_length(entity_type) between 1 and 128 and octet_length(entity_id) between 1 and 512
    and octet_length(event_type) between 1 and 256
  )
);

-- Ciphertext does not compress: trying would only cost time.
alter table ves_store.ves_events alter column payload_at_rest set storage external;

comment on table ves_store.ves_events is
'The VES event log: append-only, numbered 1..n without a gap per (tenant, store). Sequenced means: the row is committed.';
comment on column ves_store.ves_events.tenant_id is 'Tenant (signed).';
comment on column ves_store.ves_events.store_id is 'Store (signed).';
comment on column ves_store.ves_events.sequence_number is 'Number in the stream, from 1, given under the counter row''s lock.';
comment on column ves_store.ves_events.event_id is 'Idempotency key, unique per tenant (signed).';
comment on column ves_store.ves_events.command_id is 'Intent of the client; the first event with it wins (not signed).';
comment on column ves_store.ves_events.source_agent_id is 'Agent that signed.';
comment on column ves_store.ves_events.agent_key_id is 'Key number, unsigned 32 bits by bit pattern.';
comment on column ves_store.ves_events.ves_version is 'Protocol version, 1.';
comment on column ves_store.ves_events.payload_kind is '0 plaintext, 1 encrypted (VES 8).';
comment on column ves_store.ves_events.agent_signature_scheme is '0 or 1 Ed25519, 2 ML-DSA-65, 3 hybrid.';
comment on column ves_store.ves_events.signer_id is 'ves_store.signers row whose key signs the receipt. No foreign key: one check per row would cost the hot path; verify_stream checks it.';
comment on column ves_store.ves_events.base_version is 'Entity version the client expected, if it said so (not signed).';
comment on column ves_store.ves_events.created_at is 'created_at_str as an instant, for queries only.';
comment on column ves_store.ves_events.sequenced_at is 'When the number was given.';
comment on column ves_store.ves_events.entity_type is '1 to 128 bytes (signed).';
comment on column ves_store.ves_events.entity_id is '1 to 512 bytes (signed).';
comment on column ves_store.ves_events.event_type is '1 to 256 bytes (signed).';
comment on column ves_store.ves_events.created_at_str is 'The text that was signed.';
comment on column ves_store.ves_events.payload_plain_hash is 'VES 4, 32 bytes.';
comment on column ves_store.ves_events.payload_cipher_hash is 'VES 8.2, 32 bytes; zero for plaintext.';
comment on column ves_store.ves_events.event_signing_hash is 'VES 5, 32 bytes.';
comment on column ves_store.ves_events.agent_signature is '64 bytes; enters the leaf as sent.';
comment on column ves_store.ves_events.leaf_hash is 'VES 9.1, 32 bytes.';
comment on column ves_store.ves_events.record_hash is
'SHA-256 over what the signature does not cover: event_id, created_at and sequenced_at (microseconds since 2000, 8 bytes each), base_version (8 bytes, -1 for none), agent_signature_scheme (2 bytes), command_id if any, agent_signature_bundle if any.';
comment on column ves_store.ves_events.agent_signature_bundle is 'JSON text of the post-quantum signatures, if any.';
comment on column ves_store.ves_events.payload is 'The JSON text as received, when it is stored in plaintext. Type json, not jsonb: jsonb would rewrite numbers and refuse escapes.';
comment on column ves_store.ves_events.payload_encrypted is 'VES-ENC-1 object, its known members only; never encrypted again, its key was never here.';
comment on column ves_store.ves_events.payload_at_rest is 'The JSON text as received, encrypted (VES 16: SSE1 blob, or SSE2 when compressed); null when it is stored in plaintext.';
comment on column ves_store.ves_events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.ves_events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';
