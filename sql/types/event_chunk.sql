create type ves_int.event_chunk as (
  sequence_numbers bigint [],
  event_ids bytea [],
  agent_ids bytea [],
  ves_versions integer [],
  agent_key_ids bigint [],
  entity_types text [],
  entity_ids text [],
  event_types text [],
  created_at_texts text [],
  payload_kinds smallint [],
  payloads bytea [],
  plain_hashes bytea [],
  cipher_hashes bytea [],
  signing_hashes bytea [],
  signatures bytea [],
  leaf_hashes bytea [],
  signature_schemes smallint [],
  signature_bundles bytea [],
  key_algorithms smallint [],
  key_public_keys bytea [],
  key_bundles bytea [],
  receipt_hashes bytea [],
  receipt_signatures bytea [],
  receipt_public_keys bytea [],
  payloads_at_rest bytea [],
  payload_key_ids bytea [],
  payload_states text [],
  signer_is_known boolean []
);

comment on type ves_int.event_chunk is
'Stored events of one stream as parallel arrays for ves_int.verify_events_batch: ids as 16 bytes, agent_key_ids unsigned, payloads as the bytes stored; payload_states is null or the finding that says why the payload is gone.';
