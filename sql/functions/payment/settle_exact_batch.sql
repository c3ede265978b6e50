-- Locks (sql/README.md): the row of the batch, then those of its payments.
create or replace function ves_int.settle_exact_batch(
  batch_id uuid, tx_hash text, block_number bigint, gas_used bigint, settled uuid[], failed uuid[],
  reasons text[]
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
  v_now constant timestamptz := clock_timestamp();
begin
  if cardinality(failed) is distinct from cardinality(reasons) or array_position(reasons, null) is not null or (
    select array_agg(g.payment_id order by g.payment_id) from unnest(settled || failed) as g (payment_id)
  ) is distinct from (
    select array_agg(p.payment_id order by p.payment_id) from ves_store.x402_exact_payments as p
    where p.batch_id = settle_exact_batch.batch_id and p.status in ('batched', 'confirmed')
  ) then
    perform ves_int.raise_error('array_shape');
  end if;
  update ves_store.x402_exact_batches as b
  set
    status = 'settled', tx_hash = settle_exact_batch.tx_hash, block_number = settle_exact_batch.block_number,
    gas_used = settle_exact_batch.gas_used, reason = null, updated_at = v_now
  where b.batch_id = settle_exact_batch.batch_id;
  update ves_store.x402_exact_payments as p
  set
    status = case when g.reason is null then 'settled' else 'failed' end, tx_hash = settle_exact_batch.tx_hash,
    reason = case
      when g.reason = 'Nonce already used' then 'invalid_exact_evm_nonce_already_used'
      when g.reason = 'Insufficient balance' then 'invalid_exact_evm_insufficient_balance'
      when g.reason = 'Payment expired' then 'invalid_exact_evm_payload_authorization_valid_before'
      when g.reason = 'Payment not yet valid' then 'invalid_exact_evm_payload_authorization_valid_after'
      when g.reason is not null then 'transaction_failed'
    end,
    updated_at = v_now
  from (
    select s.payment_id, null as reason from unnest(settled) as s (payment_id)
    union all
    select f.payment_id, f.reason from unnest(failed, reasons) as f (payment_id, reason)
  ) as g
  where p.payment_id = g.payment_id and p.batch_id = settle_exact_batch.batch_id;
end
$$;

comment on function ves_int.settle_exact_batch(uuid, text, bigint, bigint, uuid[], uuid[], text[]) is
'Records the final outcome of a batch of EIP-3009 payments, as the logs say: each payment is settled, or failed with the standard''s word for the contract''s reason (x402 B5). Errors: VE502 a payment is missing or named twice.';
