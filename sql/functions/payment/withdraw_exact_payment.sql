-- Locks (sql/README.md): the row of the payment.
create or replace function ves.withdraw_exact_payment(payment_id uuid)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
begin
  update ves_store.x402_exact_payments as p
  set status = 'failed', reason = 'unexpected_settle_error', updated_at = clock_timestamp()
  where p.payment_id = withdraw_exact_payment.payment_id
    and coalesce(p.status = 'recorded' and p.batch_id is null, false);
  return found;
end
$$;

comment on function ves.withdraw_exact_payment(uuid) is
'Gives a payment up that never was in a batch, so that nothing was sent for it and nothing will be: then it may be told as failed. Whether it is so now.';
