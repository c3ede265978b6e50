-- Locks (sql/README.md): rows of the intents of a batch, under 2.
create or replace function ves_int.settle_members(batch ves_store.x402_payment_batches, at timestamptz)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_members uuid[];
begin
  v_members := array(
    select i.intent_id from ves_store.x402_payment_intents as i
    where i.batch_id = batch.batch_id and i.tenant_id is not distinct from batch.tenant_id and i.status = 'batched'
    order by i.sequence_number
    for update
  );
  update ves_store.x402_payment_intents as i
  set
    status = 'settled', tx_hash = batch.tx_hash, block_number = batch.block_number, settled_at = settle_members.at,
    updated_at = settle_members.at
  where i.intent_id = any(v_members) and i.tenant_id is not distinct from batch.tenant_id;
  if cardinality(v_members) > 0 then
    perform ves_int.append_payment_events(batch.tenant_id, batch.store_id, v_members, '{settled}');
  end if;
end
$$;

comment on function ves_int.settle_members(ves_store.x402_payment_batches, timestamptz) is
'Settles every intent of a settled batch that is still in state batched, with the transaction and block of the batch, and appends their events (x402 A8, A10).';
