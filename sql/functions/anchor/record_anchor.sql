-- Locks (sql/README.md): a row of commitment_anchors, then 7.
create or replace function ves.record_anchor(
  batch_id uuid, chain_tx_hash bytea, chain_id bigint, block_number bigint default null,
  context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_wrong constant text := case
    when octet_length(record_anchor.chain_tx_hash) is distinct from 32 then 'chain_tx_hash'
    when coalesce(record_anchor.chain_id not between 0 and 4294967295, true) then 'chain_id'
    when record_anchor.block_number < 0 then 'block_number'
  end;
  v_row ves_store.commitment_anchors;
begin
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  select a.* into v_row from ves_store.commitment_anchors as a
  where a.batch_id = record_anchor.batch_id and a.anchor = 'chain' and not a.is_legacy
  for update;
  if not found then
    perform ves_int.raise_error('commitment_not_found');
  end if;
  if v_row.chain_tx_hash = record_anchor.chain_tx_hash then
    return false;
  end if;
  if v_row.chain_tx_hash is not null then
    perform ves_int.raise_error('anchor_conflict');
  end if;
  -- a call of our own that is planned goes on without it: the contract stores a commitment once
  update ves_store.commitment_anchors as a
  set
    status = 'anchored', call_id = null, chain_id = record_anchor.chain_id,
    chain_tx_hash = record_anchor.chain_tx_hash, chain_block_number = record_anchor.block_number, reason = null,
    anchored_at = clock_timestamp()
  where a.batch_id = v_row.batch_id and a.anchor = v_row.anchor and a.tenant_id = v_row.tenant_id;
  perform ves_int.audit(
    'custom:anchor_recorded', v_row.tenant_id, 'commitment', v_row.batch_id::text,
    jsonb_build_object(
      'chain_tx_hash', encode(record_anchor.chain_tx_hash, 'hex'), 'chain_id', record_anchor.chain_id,
      'block_number', record_anchor.block_number),
    record_anchor.context);
  return true;
end
$$;

comment on function ves.record_anchor(uuid, bytea, bigint, bigint, jsonb) is
'Records what a separate anchor service says: the transaction that anchored a VES commitment (http-api 9, chain 6). It counts as anchored at once; nothing is looked up. True the first time, false for the same hash again. chain_id is at most 2^32-1. Audited. Errors: VE007, VE605, VE723 another transaction is recorded.';
