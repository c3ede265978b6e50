-- Locks (sql/README.md): 2 to 3, then the rows of the batch and its intents, then 7.
create or replace function ves.record_payment_settlement(
  tenant_id uuid, batch_id uuid, tx_hash text default null, block_number bigint default null,
  gas_used bigint default null, context jsonb default null
)
returns ves.payment_batch
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_batch ves_store.x402_payment_batches;
  v_before text;
begin
  select b.* into v_batch from ves_store.x402_payment_batches as b
  where b.batch_id = record_payment_settlement.batch_id
    and record_payment_settlement.tenant_id in (b.tenant_id, '00000000-0000-0000-0000-000000000000');
  if not found then
    perform ves_int.raise_error('payment_batch_not_found');
  end if;
  perform from ves_store.ves_sequence_counters as c
  where c.tenant_id = v_batch.tenant_id and c.store_id = v_batch.store_id
  for update;
  v_now := clock_timestamp();
  select b.* into strict v_batch from ves_store.x402_payment_batches as b
  where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id
  for update;
  v_before := v_batch.status;
  perform ves_int.check_settlement(
    v_batch, record_payment_settlement.tx_hash, record_payment_settlement.block_number,
    record_payment_settlement.gas_used);
  if v_batch.status = 'settled' then
    return ves_int.payment_batch(v_batch);
  end if;

  if v_batch.status = 'committed' then
    update ves_store.x402_payment_batches as b
    set
      status = 'submitted', tx_hash = record_payment_settlement.tx_hash, submitted_at = v_now,
      gas_used = record_payment_settlement.gas_used
    where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id
    returning b.* into v_batch;
    perform ves_int.append_batch_events(v_batch, '{submitted}');
  end if;
  if record_payment_settlement.block_number is not null then
    update ves_store.x402_payment_batches as b
    set
      status = 'settled', block_number = record_payment_settlement.block_number, settled_at = v_now,
      gas_used = coalesce(record_payment_settlement.gas_used, b.gas_used)
    where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id
    returning b.* into v_batch;
    perform ves_int.settle_members(v_batch, v_now);
    perform ves_int.append_batch_events(v_batch, '{settled}');
  end if;
  perform ves_int.audit(
    'custom:payment_settlement_recorded', v_batch.tenant_id, 'payment_batch', v_batch.batch_id::text,
    jsonb_build_object(
      'from_status', v_before, 'to_status', v_batch.status, 'tx_hash', v_batch.tx_hash,
      'block_number', v_batch.block_number, 'gas_used', v_batch.gas_used),
    record_payment_settlement.context);
  return ves_int.payment_batch(v_batch);
end
$$;

comment on function ves.record_payment_settlement(uuid, uuid, text, bigint, bigint, jsonb) is
'Records what an administrator says happened to a batch on its chain (x402 A10); nothing is sent or looked up. committed: tx_hash makes it submitted, with block_number settled; submitted: block_number settles it; settled: the same values change nothing. Settling settles every member. The nil tenant finds every batch. A batch that the chain worker is settling is refused. Audited. Errors: VE007, VE008, VE702, VE715, VE716.';
