create type ves.anchor_progress as (
  tenant_id uuid,
  store_id uuid,
  anchor text,
  is_counted boolean,
  status text,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  reason text,
  anchored_at timestamptz,
  required integer,
  anchored integer
);

comment on type ves.anchor_progress is
'How far one anchor has a commitment; is_counted: the policy counts it. required and anchored are the same in each row of a commitment: how many of the counted anchors must have it, and have it.';
