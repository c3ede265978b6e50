-- Locks (sql/README.md): rows of the payments of the batch, then those of ves_int.move_exact_batch or
-- ves_int.settle_exact_batch.
create or replace function ves_int.free_exact_batch(moved ves_store.chain_transactions, max_reverts integer)
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
  v_id uuid;
  v_reverts smallint;
begin
  update ves_store.x402_exact_payments as p
  set reverts = p.reverts + 1
  from ves_store.x402_exact_batches as b
  where p.batch_id = moved.reference_id and b.batch_id = p.batch_id and b.payment_count = 1
    and moved.status = 'failed' and p.status in ('batched', 'confirmed')
  returning p.payment_id, p.reverts into v_id, v_reverts;
  if v_reverts >= max_reverts then
    perform ves_int.settle_exact_batch(
      moved.reference_id, '0x' || encode(moved.tx_hash, 'hex'), moved.block_number, moved.gas_used, '{}', array[v_id],
      '{Transaction reverted}');
  else
    perform ves_int.move_exact_batch(moved.reference_id, 'failed', null, coalesce(moved.reason, moved.status));
  end if;
end
$$;

comment on function ves_int.free_exact_batch(ves_store.chain_transactions, integer) is
'Records the EIP-3009 payments of a batch again, to be planned in halves, because its transaction reverted or was replaced. A payment whose transaction reverted max_reverts times in a final block while it was alone fails (transaction_failed), so that no payment makes the operator pay for reverts for ever.';
