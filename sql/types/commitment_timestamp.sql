create type ves.commitment_timestamp as (
  tenant_id uuid,
  store_id uuid,
  events_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  event_count integer,
  status text,
  proof_path bytea,
  proof bytea,
  block_height bigint
);

comment on type ves.commitment_timestamp is
'What the digest of a commitment is made of (chain 8), and the OpenTimestamps proof that starts at it: proof_path, then proof.';
