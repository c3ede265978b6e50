create or replace function ves.list_exact_batch_payments(batch_id uuid)
returns setof ves.exact_payment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select e.*
  from ves_store.x402_exact_payments as p
  cross join lateral ves_int.exact_payment(p) as e
  where p.batch_id = list_exact_batch_payments.batch_id and p.status in ('batched', 'confirmed', 'settled', 'failed')
  order by p.payment_id;
$$;

comment on function ves.list_exact_batch_payments(uuid) is
'The payments of a batch in order of their ids: the same until the batch fails, so a transaction is made of the same bytes again.';
