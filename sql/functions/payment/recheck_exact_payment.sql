-- Locks (sql/README.md): the row of the payment.
create or replace function ves.recheck_exact_payment(payment_id uuid)
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
  set recheck_at = least(p.recheck_at, clock_timestamp())
  where p.payment_id = recheck_exact_payment.payment_id and coalesce(p.recheck_at, 'infinity') < 'infinity';
  return found;
end
$$;

comment on function ves.recheck_exact_payment(uuid) is
'Has a failed payment of which a block shows that its authorization was used looked at once that block is final. False: a final block has shown already that this use did not make the payment.';
