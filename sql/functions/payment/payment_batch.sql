create or replace function ves_int.payment_batch(batch ves_store.x402_payment_batches)
returns ves.payment_batch
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  select row(
    batch.batch_id, batch.status, batch.tenant_id, batch.store_id, batch.network, batch.payment_count,
    batch.total_amounts, batch.merkle_root, batch.prev_state_root, batch.new_state_root, batch.sequence_start,
    batch.sequence_end, batch.tx_hash, batch.block_number, batch.gas_used, batch.created_at, batch.committed_at,
    batch.submitted_at, batch.settled_at
  )::ves.payment_batch;
$$;

comment on function ves_int.payment_batch(ves_store.x402_payment_batches) is 'A stored batch as functions answer it.';
