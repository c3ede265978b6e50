-- Locks (sql/README.md): those of ves.mark_settlement and ves.settle_payments.
create or replace function ves_int.free_settlement(
  lease_token bigint, moved ves_store.chain_transactions, from_status text, max_reverts integer
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_ids uuid[];
begin
  select array_agg(m.intent_id) into v_ids from ves_store.x402_settlement_items as m
  where m.batch_id = moved.reference_id and m.part = moved.part and m.tenant_id = moved.tenant_id;
  if moved.status = 'failed' and cardinality(v_ids) = 1 and (
    select count(*) from ves_store.x402_settlement_items as m
    where m.batch_id = moved.reference_id and m.tenant_id = moved.tenant_id and m.intent_id = v_ids[1] and not exists (
      select from ves_store.x402_settlement_items as o
      where o.batch_id = m.batch_id and o.part = m.part and o.tenant_id = m.tenant_id and o.intent_id <> m.intent_id
    )
  ) >= max_reverts then
    perform ves.settle_payments(
      lease_token, moved.tenant_id, moved.reference_id, moved.part, '0x' || encode(moved.tx_hash, 'hex'),
      moved.block_number, moved.gas_used, '{}', v_ids, '{Transaction reverted}');
  else
    perform ves.mark_settlement(
      lease_token, moved.tenant_id, moved.reference_id, moved.part, from_status, 'failed', null,
      coalesce(moved.reason, moved.status));
  end if;
end
$$;

comment on function ves_int.free_settlement(bigint, ves_store.chain_transactions, text, integer) is
'Makes the intents of a part free to be planned again in halves, because its transaction reverted or was replaced. An intent that is alone for the max_reverts-th time fails when its transaction has reverted in a final block, so that no payment makes the operator pay for reverts for ever. Errors: those of ves.mark_settlement and ves.settle_payments.';
