create type ves.ingest_result as (
  first_sequence bigint,
  last_sequence bigint,
  head_sequence bigint,
  sequenced_at timestamptz,
  exceptions jsonb
);

comment on type ves.ingest_result is
'Answer of ves.ingest_events. Events not named in exceptions were accepted and are numbered first_sequence .. last_sequence in input order. exceptions: array of {ord, outcome: replayed, sequence_number, sequenced_at_micros, signer_id, signature} or {ord, outcome: rejected, phase, reason, message}; null when every event was accepted.';
