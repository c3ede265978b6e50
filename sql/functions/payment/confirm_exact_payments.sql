-- Locks (sql/README.md): 0, then rows of x402_exact_payments.
create or replace function ves.confirm_exact_payments(
  lease_token bigint, batch_id uuid, tx_hash text, payment_ids uuid[], is_final boolean default false
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_count integer;
begin
  perform ves_int.require_lease('x402_settlement', lease_token);
  update ves_store.x402_exact_payments as p
  set
    status = case when is_final then 'settled' else 'confirmed' end, tx_hash = confirm_exact_payments.tx_hash,
    reason = null, updated_at = clock_timestamp()
  where p.batch_id is not distinct from confirm_exact_payments.batch_id and p.payment_id = any(payment_ids)
    and (p.status = 'batched' or is_final and p.status = 'failed');
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function ves.confirm_exact_payments(bigint, uuid, text, uuid[], boolean) is
'Records that the logs of a mined transaction, whose block may still be replaced, show these payments of a batch as made; /x402/settle answers success from now on. How many changed. is_final: a transaction of somebody else, whose block is final, made them with the same authorization, also those that were told as failed, with batch_id null if they never were in a batch. A failure is not recorded before the block is final. Errors: VE406.';
