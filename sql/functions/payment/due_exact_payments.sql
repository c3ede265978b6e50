-- Contracts and tokens are found by a loose index scan, a look-up each. Payments of batches that failed are
-- all looked at: half of them are taken at once.
create or replace function ves_int.due_exact_payments(chain_id bigint, max_size integer, until timestamptz)
returns table (settlement_contract text, token_address text, payment_ids uuid[])
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_bitmapscan to off
set enable_sort to off
set jit to off
as $$
  with recursive tokens as (
    (
      select p.settlement_contract, p.token_address from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.batch_id is null and p.chain_id = due_exact_payments.chain_id
      order by p.settlement_contract, p.token_address
      limit 1
    )
    union all
    select n.settlement_contract, n.token_address
    from tokens as t
    cross join lateral (
      select p.settlement_contract, p.token_address from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.batch_id is null and p.chain_id = due_exact_payments.chain_id
        and (p.settlement_contract, p.token_address) > (t.settlement_contract, t.token_address)
      order by p.settlement_contract, p.token_address
      limit 1
    ) as n
  )
  select t.settlement_contract, t.token_address, g.payment_ids
  from tokens as t
  cross join lateral (
    select array_agg(e.payment_id) as payment_ids, min(e.created_at) as oldest
    from ves_int.exact_turns(
      due_exact_payments.chain_id, t.settlement_contract, t.token_address, due_exact_payments.max_size
    ) as e
  ) as g
  where cardinality(g.payment_ids) >= due_exact_payments.max_size or g.oldest <= due_exact_payments.until
  union all
  -- one payment may be what made a batch too dear: its payments come in halves, so that it ends up alone
  select
    b.settlement_contract, b.token_address,
    (array_agg(p.payment_id order by p.created_at, p.payment_id))[
      : least(due_exact_payments.max_size, (b.payment_count + 1) / 2)]
  from ves_store.x402_exact_payments as p
  join ves_store.x402_exact_batches as b on b.batch_id = p.batch_id
  where p.status = 'recorded' and p.batch_id is not null and p.chain_id = due_exact_payments.chain_id
  group by b.batch_id;
$$;

comment on function ves_int.due_exact_payments(bigint, integer, timestamptz) is
'What ves.plan_exact_batches makes batches of, a row each: for a contract and token max_size payments that never were in a batch, or fewer if one was recorded by the time until; for a batch that failed at most half as many as it had.';
