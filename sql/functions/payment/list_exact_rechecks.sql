create or replace function ves.list_exact_rechecks(
  chain_id bigint, until timestamptz default null, max_rows integer default 100
)
returns setof ves.exact_payment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
  select e.*
  from ves_store.x402_exact_payments as p
  cross join lateral ves_int.exact_payment(p) as e
  where p.chain_id = list_exact_rechecks.chain_id
    and p.recheck_at <= least(list_exact_rechecks.until, now())
  order by p.recheck_at
  limit least(greatest(max_rows, 1), 1000);
$$;

comment on function ves.list_exact_rechecks(bigint, timestamptz, integer) is
'Failed EIP-3009 payments of which the chain is to be asked whether somebody else has made them, by the time until of a block (null: now), the one that is due longest first; 1 to 1,000 rows.';
