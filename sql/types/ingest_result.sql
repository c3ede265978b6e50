create type ves.ingest_result as (
  stream integer,
  outcome text,
  first_sequence bigint,
  last_sequence bigint,
  head_sequence bigint,
  sequenced_at timestamptz,
  exceptions jsonb
);

comment on type ves.ingest_result is
'Answer of ves.ingest_events for one stream, by its place in the call. outcome appended: events not named in exceptions were accepted and are numbered first_sequence .. last_sequence in input order. Other outcomes (busy, stale_credentials, stale_schemas): nothing of the stream was stored. exceptions: array of {ord, outcome: replayed, sequence_number, sequenced_at_micros, signer_id, signature} or {ord, outcome: rejected, phase, reason, message}; null when every event was accepted.';
