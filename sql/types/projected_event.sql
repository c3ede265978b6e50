create type ves_int.projected_event as (
  sequence_number bigint,
  position bigint,
  attempt bigint,
  event_id uuid,
  entity_type text,
  entity_id text,
  event_type text,
  base_version bigint,
  created_at timestamptz,
  payload json,
  payload_state text
);

comment on type ves_int.projected_event is
'An event as projectors get it, of either stream. It is applied in the order of (position, attempt): position is its number and attempt 0, or, once it was retried with success, what ves_store.projection_retries says. payload is the text received, null when it cannot be read; payload_state then says why (ves_int.payload_state).';
