create type ves.event_parts as (
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
  is_shredded boolean,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  sequenced_at timestamptz,
  receipt_signature bytea,
  sequencer_id uuid,
  sequencer_key_version integer,
  receipt_algorithm text
);

comment on type ves.event_parts is
'One VES event as ves.read_event_parts answers it: the signed envelope (VES 2; created_at is the signed text), its payload as it is stored (payload_at_rest and payload_key_id: ciphertext, VES 16), and the parts of its receipt (VES 11; receipt_signature null until it is stored, empty where receipt_algorithm is none).';
