create type ves.anchor_item as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  is_legacy boolean,
  events_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  event_count integer,
  committed_at timestamptz,
  is_requested boolean
);

comment on type ves.anchor_item is
'A commitment of either stream as an anchor takes it (chain 2): events_root is the root over its events, 32 bytes as the state roots; is_requested: somebody asked for it to be anchored now.';
