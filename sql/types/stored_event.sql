create type ves.stored_event as (
  sequence_number bigint,
  event_id uuid,
  command_id uuid,
  source_agent_id uuid,
  agent_key_id bigint,
  ves_version integer,
  payload_kind smallint,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  base_version bigint,
  payload_plain_hash bytea,
  payload_cipher_hash bytea,
  event_signing_hash bytea,
  agent_signature bytea,
  agent_signature_scheme smallint,
  agent_signature_bundle bytea,
  payload_state text,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  sequenced_at timestamptz,
  leaf_hash bytea,
  receipt jsonb
);

comment on type ves.stored_event is
'One VES event as ves.read_events answers it: the signed envelope (VES 2; created_at is the signed text), its payload, receipt (VES 11) and leaf hash (VES 9.1). payload_state: plaintext, encrypted_at_rest, encrypted_to_recipients, shredded; payload_at_rest and payload_key_id are set when the payload was not decrypted.';
