create type ves.payment_outcome as (
  outcome text,
  intent_id uuid,
  status text,
  sequence_number bigint,
  sequenced_at timestamptz,
  batch_id uuid
);

comment on type ves.payment_outcome is
'What became of one submitted payment intent: sequenced, replayed (the idempotency key and the request are known) or the name of an error; the other columns are null for an error.';
