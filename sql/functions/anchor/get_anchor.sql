create or replace function ves.get_anchor(tenant_id uuid, batch_id uuid)
returns table (
  status text, chain_id bigint, chain_tx_hash bytea, chain_block_number bigint, reason text,
  anchored_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select a.status, a.chain_id, a.chain_tx_hash, a.chain_block_number, a.reason, a.anchored_at
  from ves_store.commitment_anchors as a
  where a.batch_id = get_anchor.batch_id and a.anchor = 'chain'
    and get_anchor.tenant_id in (a.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_anchor(uuid, uuid) is
'How far a commitment of either stream is anchored on the chain; the nil tenant looks in all. No row when there is no such commitment.';
