-- Locks (sql/README.md): the row of the batch, then those of its payments.
create or replace function ves_int.move_exact_batch(
  batch_id uuid, to_status text, tx_hash text, reason text default null
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
  update ves_store.x402_exact_batches as b
  set
    status = to_status, tx_hash = coalesce(move_exact_batch.tx_hash, b.tx_hash), reason = move_exact_batch.reason,
    updated_at = v_now
  where b.batch_id = move_exact_batch.batch_id;
  -- a reorg took the block of confirmed payments; what no transaction can pay any more waits for another batch
  update ves_store.x402_exact_payments as p
  set status = m.status, tx_hash = m.tx_hash, updated_at = v_now
  from (
    select
      q.payment_id, case when to_status = 'failed' then 'recorded' else 'batched' end as status,
      case when to_status <> 'failed' then coalesce(move_exact_batch.tx_hash, q.tx_hash) end as tx_hash
    from ves_store.x402_exact_payments as q
    where q.batch_id = move_exact_batch.batch_id and q.status in ('batched', 'confirmed')
  ) as m
  where p.payment_id = m.payment_id and (p.status, p.tx_hash) is distinct from (m.status, m.tx_hash);
end
$$;

comment on function ves_int.move_exact_batch(uuid, text, text, text) is
'Moves a batch of EIP-3009 payments and those of its payments that have no final outcome: broadcast, unknown (both: they may be paid) or failed (they are recorded again).';
