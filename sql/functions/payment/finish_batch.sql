-- Locks (sql/README.md): the row of a batch, under 2.
create or replace function ves_int.finish_batch(
  tenant_id uuid, batch_id uuid, tx_hash text, block_number bigint, gas_used bigint, at timestamptz
)
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
  v_batch ves_store.x402_payment_batches;
begin
  select b.* into strict v_batch from ves_store.x402_payment_batches as b
  where b.batch_id = finish_batch.batch_id and b.tenant_id = finish_batch.tenant_id
  for update;
  if exists (
    select from ves_store.x402_payment_intents as i
    where i.batch_id = v_batch.batch_id and i.tenant_id is not distinct from v_batch.tenant_id
      and i.status = 'batched'
  ) then
    return;
  end if;
  update ves_store.x402_payment_batches as b
  set
    status = o.outcome, settled_at = case when o.outcome = 'settled' then finish_batch.at end,
    tx_hash = finish_batch.tx_hash, block_number = finish_batch.block_number,
    gas_used = finish_batch.gas_used
  from (
    select case when count(*) > 0 then 'settled' else 'failed' end as outcome
    from ves_store.x402_payment_intents as i
    where i.batch_id = v_batch.batch_id and i.tenant_id is not distinct from v_batch.tenant_id
      and i.status = 'settled'
  ) as o
  where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id
  returning b.* into v_batch;
  perform ves_int.append_batch_events(v_batch, array[v_batch.status]);
end
$$;

comment on function ves_int.finish_batch(uuid, uuid, text, bigint, bigint, timestamptz) is
'Settles a batch of which no intent is left in state batched, or fails it when none is settled; the values are those of the transaction of its last part (chain 8, point 8).';
