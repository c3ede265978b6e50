create or replace function ves.list_exact_payments(payment_ids uuid[])
returns setof ves.exact_payment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  select e.*
  from unnest(payment_ids) as g (payment_id)
  join ves_store.x402_exact_payments as p on p.payment_id = g.payment_id
  cross join lateral ves_int.exact_payment(p) as e;
$$;

comment on function ves.list_exact_payments(uuid[]) is 'EIP-3009 payments of any tenants by their ids; unknown ones are left out.';
