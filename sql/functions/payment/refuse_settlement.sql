-- Locks (sql/README.md): those of ves_int.claim_settlement, then rows of the batch and its intents.
create or replace function ves.refuse_settlement(
  lease_token bigint, tenant_id uuid, batch_id uuid, part integer, reason text
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_settlement ves_store.x402_settlements;
  v_last ves_store.x402_settlements;
  v_ids uuid[];
begin
  if coalesce(refuse_settlement.reason, '') = '' then
    perform ves_int.raise_error('missing_field', '{"field": "reason"}');
  end if;
  v_settlement := ves_int.claim_settlement(
    lease_token, refuse_settlement.tenant_id, refuse_settlement.batch_id, refuse_settlement.part);
  if v_settlement.status = 'failed' and v_settlement.reason = refuse_settlement.reason then
    return false;
  end if;
  if v_settlement.status <> 'prepared' or v_settlement.is_planned then
    perform ves_int.raise_error('settlement_moved', jsonb_build_object('status', v_settlement.status));
  end if;
  update ves_store.x402_settlements as s
  set status = 'failed', reason = refuse_settlement.reason, updated_at = v_now
  where s.batch_id = v_settlement.batch_id and s.part = v_settlement.part and s.tenant_id = v_settlement.tenant_id;
  with refused as (
    update ves_store.x402_settlement_items as m
    set is_live = false
    where m.batch_id = v_settlement.batch_id and m.part = v_settlement.part and m.tenant_id = v_settlement.tenant_id
    returning m.intent_id
  )
  select array_agg(r.intent_id) into v_ids from refused as r;
  update ves_store.x402_payment_intents as i
  set status = 'failed', failure = refuse_settlement.reason, updated_at = v_now
  where i.intent_id = any(v_ids) and i.tenant_id is not distinct from v_settlement.tenant_id;
  perform ves_int.append_payment_events(v_settlement.tenant_id, v_settlement.store_id, v_ids, '{failed}');
  select s.* into v_last from ves_store.x402_settlements as s
  where s.batch_id = v_settlement.batch_id and s.tenant_id = v_settlement.tenant_id and s.status = 'settled'
  order by s.updated_at desc
  limit 1;
  perform ves_int.finish_batch(
    v_settlement.tenant_id, v_settlement.batch_id, v_last.tx_hash, v_last.block_number, v_last.gas_used, v_now);
  return true;
end
$$;

comment on function ves.refuse_settlement(bigint, uuid, uuid, integer, text) is
'Fails the intents of a part of which no call is in the outbox, because its token can never pay them: nothing was sent, and nothing will be. The batch ends as in ves.settle_payments. Whether anything changed; the same again changes nothing. Errors: VE406 the lease is lost, VE008, VE702, VE719.';
