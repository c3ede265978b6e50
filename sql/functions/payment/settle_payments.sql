-- Locks (sql/README.md): those of ves_int.claim_settlement, then rows of the batch and its intents.
create or replace function ves.settle_payments(
  lease_token bigint, tenant_id uuid, batch_id uuid, part integer, tx_hash text, block_number bigint,
  gas_used bigint, settled uuid[], failed uuid[], reasons text[]
)
returns boolean
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
  v_now constant timestamptz := clock_timestamp();
  v_settlement ves_store.x402_settlements;
begin
  if coalesce(settle_payments.tx_hash !~ '^0x[0-9a-f]{64}$', true) or coalesce(settle_payments.block_number < 0, true)
    or cardinality(failed) is distinct from cardinality(reasons) or array_position(reasons, null) is not null then
    perform ves_int.raise_error('array_shape');
  end if;
  v_settlement := ves_int.claim_settlement(
    lease_token, settle_payments.tenant_id, settle_payments.batch_id, settle_payments.part);
  if v_settlement.status = 'settled' and v_settlement.tx_hash = settle_payments.tx_hash then
    return false;
  end if;
  if v_settlement.status not in ('broadcast', 'unknown') then
    perform ves_int.raise_error('settlement_moved', jsonb_build_object('status', v_settlement.status));
  end if;
  -- every intent of the part has exactly one outcome
  if (select array_agg(g.intent_id order by g.intent_id) from unnest(settled || failed) as g (intent_id)) is distinct from (
    select array_agg(m.intent_id order by m.intent_id) from ves_store.x402_settlement_items as m
    where m.batch_id = v_settlement.batch_id and m.part = v_settlement.part and m.tenant_id = v_settlement.tenant_id
  ) then
    perform ves_int.raise_error('array_shape');
  end if;
  update ves_store.x402_settlements as s
  set
    status = 'settled', tx_hash = settle_payments.tx_hash, block_number = settle_payments.block_number,
    gas_used = settle_payments.gas_used, reason = null, updated_at = v_now
  where s.batch_id = v_settlement.batch_id and s.part = v_settlement.part and s.tenant_id = v_settlement.tenant_id;
  update ves_store.x402_payment_intents as i
  set
    status = case when g.reason is null then 'settled' else 'failed' end,
    settled_at = case when g.reason is null then v_now end,
    failure = g.reason, tx_hash = settle_payments.tx_hash, block_number = settle_payments.block_number,
    updated_at = v_now
  from (
    select s.intent_id, null as reason from unnest(settled) as s (intent_id)
    union all
    select f.intent_id, f.reason from unnest(failed, reasons) as f (intent_id, reason)
  ) as g
  where i.intent_id = g.intent_id and i.tenant_id is not distinct from v_settlement.tenant_id;
  if cardinality(settled) > 0 then
    perform ves_int.append_payment_events(v_settlement.tenant_id, v_settlement.store_id, settled, '{settled}');
  end if;
  if cardinality(failed) > 0 then
    perform ves_int.append_payment_events(v_settlement.tenant_id, v_settlement.store_id, failed, '{failed}');
  end if;
  perform ves_int.finish_batch(
    v_settlement.tenant_id, v_settlement.batch_id, settle_payments.tx_hash, settle_payments.block_number,
    settle_payments.gas_used, v_now);
  return true;
end
$$;

comment on function ves.settle_payments(bigint, uuid, uuid, integer, text, bigint, bigint, uuid[], uuid[], text[]) is
'Records the final outcome of a part of a batch, broadcast or unknown before: each of its intents is settled or failed with a reason, as the logs of the transaction say (chain 8, point 8). Call it when the block is final. The batch is settled, or failed, when its last intent is; its transaction is then that of the last part. Whether anything changed: the same transaction again changes nothing. Errors: VE406 the lease is lost, VE502 an intent is missing or named twice, VE702, VE719.';
