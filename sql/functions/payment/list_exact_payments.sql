-- PL/pgSQL keeps the plan: callers of /x402/settle wait by this call. Settings: as ves.judge_exact_payment.
create or replace function ves.list_exact_payments(payment_ids uuid[], only_decided boolean default false)
returns setof ves.exact_payment
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
begin
  return query
  select e.*
  from unnest(payment_ids) as g (payment_id)
  join ves_store.x402_exact_payments as p on p.payment_id = g.payment_id
  cross join lateral ves_int.exact_payment(p) as e
  where not only_decided or p.status not in ('recorded', 'batched');
end
$$;

comment on function ves.list_exact_payments(uuid[], boolean) is
'EIP-3009 payments of any tenants by their ids; unknown ones are left out. only_decided: those alone of which a block shows the outcome, or that failed.';
