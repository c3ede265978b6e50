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
