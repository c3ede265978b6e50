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
  payload json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz
);

comment on type ves.legacy_event is 'One stored legacy event (VES 17.1); payload is the text received or the compact form; null when it is shredded, or still encrypted (payload_at_rest).';
