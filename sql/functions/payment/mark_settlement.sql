-- Locks (sql/README.md): those of ves_int.claim_settlement, then the row of the batch.
create or replace function ves.mark_settlement(
  lease_token bigint, tenant_id uuid, batch_id uuid, part integer, from_status text, to_status text,
  tx_hash text default null, reason text default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_settlement ves_store.x402_settlements;
  v_batch ves_store.x402_payment_batches;
begin
  if to_status is null or to_status not in ('broadcast', 'unknown', 'failed') then
    perform ves_int.raise_error('invalid_field', '{"field": "to_status"}');
  end if;
  if coalesce(mark_settlement.tx_hash !~ '^0x[0-9a-f]{64}$', to_status = 'broadcast') then
    perform ves_int.raise_error('invalid_field', '{"field": "tx_hash"}');
  end if;
  v_settlement := ves_int.claim_settlement(
    lease_token, mark_settlement.tenant_id, mark_settlement.batch_id, mark_settlement.part);
  if v_settlement.status = to_status and v_settlement.tx_hash is not distinct from
    coalesce(mark_settlement.tx_hash, v_settlement.tx_hash) then
    return false;
  end if;
  -- broadcast may follow itself with another hash: the same nonce with a higher fee
  if v_settlement.status is distinct from from_status or not (
    to_status = from_status and to_status = 'broadcast' or exists (
      select from ves_store.transitions as t
      where t.machine = 'x402_settlements.status' and t.from_state = mark_settlement.from_status
        and t.to_state = mark_settlement.to_status
    )
  ) then
    perform ves_int.raise_error('settlement_moved', jsonb_build_object('status', v_settlement.status));
  end if;
  update ves_store.x402_settlements as s
  set
    status = to_status, tx_hash = coalesce(mark_settlement.tx_hash, s.tx_hash),
    reason = mark_settlement.reason, updated_at = clock_timestamp()
  where s.batch_id = v_settlement.batch_id and s.part = v_settlement.part and s.tenant_id = v_settlement.tenant_id;
  if to_status = 'failed' then
    update ves_store.x402_settlement_items as m
    set is_live = false
    where m.batch_id = v_settlement.batch_id and m.part = v_settlement.part and m.tenant_id = v_settlement.tenant_id;
    insert into ves_store.x402_batches_to_divide (chain_id, tenant_id, batch_id, store_id)
    values (v_settlement.chain_id, v_settlement.tenant_id, v_settlement.batch_id, v_settlement.store_id)
    on conflict (chain_id, tenant_id, batch_id) do nothing;
  end if;
  select b.* into strict v_batch from ves_store.x402_payment_batches as b
  where b.batch_id = v_settlement.batch_id and b.tenant_id = v_settlement.tenant_id
  for update;
  if to_status = 'broadcast' and v_batch.status = 'committed' then
    update ves_store.x402_payment_batches as b
    set status = 'submitted', tx_hash = mark_settlement.tx_hash, submitted_at = clock_timestamp()
    where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id
    returning b.* into v_batch;
    perform ves_int.append_batch_events(v_batch, '{submitted}');
  elsif to_status = 'failed' and v_batch.status = 'submitted' and not exists (
    select from ves_store.x402_settlements as s
    where s.batch_id = v_batch.batch_id and s.tenant_id = v_batch.tenant_id
      and s.status in ('broadcast', 'unknown', 'settled')
  ) then
    update ves_store.x402_payment_batches as b
    set status = 'committed', tx_hash = null, submitted_at = null
    where b.batch_id = v_batch.batch_id and b.tenant_id = v_batch.tenant_id;
  end if;
  return true;
end
$$;

comment on function ves.mark_settlement(bigint, uuid, uuid, integer, text, text, text, text) is
'Moves a part of a batch from the state in which the caller saw it (chain 8). broadcast: tx_hash may be mined from now on, so it is recorded before it is sent; broadcast to broadcast records a replacement with a higher fee. unknown: neither seen nor ruled out. failed: two independent reads say that no transaction of the part settled anything; its intents are free to be planned again, and a batch without any other sent part is committed again (x402 A11). Whether anything changed; the same again changes nothing. Errors: VE406 the lease is lost, VE007, VE702, VE719 it is in another state.';
