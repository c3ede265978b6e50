create type ves_int.projection_rejection as (
  sequence_number bigint,
  code text,
  message text,
  actual_version bigint
);

comment on type ves_int.projection_rejection is
'An event that a projector rejected (ves_store.rejected_events_log), and the version of its entity then.';
