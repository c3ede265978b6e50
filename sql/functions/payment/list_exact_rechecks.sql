-- Tenants with something to look at are found by a loose index scan, and each turn takes the next one of
-- each: a look-up each, whatever waits. A recursion makes its rows in order, and no more than are taken.
create or replace function ves.list_exact_rechecks(
  chain_id bigint, until timestamptz default null, max_rows integer default 100,
  silent_tokens text[] default '{}'
)
returns setof ves.exact_payment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_sort to off
set jit to off
as $$
  with recursive places as (
    (
      select p.token_address, p.tenant_id from ves_store.x402_exact_payments as p
      where p.recheck_at is not null and p.chain_id = list_exact_rechecks.chain_id
      order by p.token_address, p.tenant_id
      limit 1
    )
    union all
    select n.token_address, n.tenant_id
    from places as s
    cross join lateral (
      select p.token_address, p.tenant_id from ves_store.x402_exact_payments as p
      where p.recheck_at is not null and p.chain_id = list_exact_rechecks.chain_id
        and (p.token_address, p.tenant_id) > (
          s.token_address,
          case when s.token_address = any(silent_tokens) then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else s.tenant_id end)
      order by p.token_address, p.tenant_id
      limit 1
    ) as n
  ),
  turns as (
    (
      select f.token_address, f.tenant_id, f.recheck_at, f.payment_id
      from places as s
      cross join lateral (
        select p.token_address, p.tenant_id, p.recheck_at, p.payment_id from ves_store.x402_exact_payments as p
        where p.recheck_at <= least(list_exact_rechecks.until, now()) and p.chain_id = list_exact_rechecks.chain_id
          and p.token_address = s.token_address and p.tenant_id = s.tenant_id
        order by p.recheck_at, p.payment_id
        limit 1
      ) as f
      where s.token_address <> all(silent_tokens)
      order by random()
    )
    union all
    select n.token_address, n.tenant_id, n.recheck_at, n.payment_id
    from turns as t
    cross join lateral (
      select p.token_address, p.tenant_id, p.recheck_at, p.payment_id from ves_store.x402_exact_payments as p
      where p.recheck_at <= least(list_exact_rechecks.until, now()) and p.chain_id = list_exact_rechecks.chain_id
        and p.token_address = t.token_address and p.tenant_id = t.tenant_id
        and (p.recheck_at, p.payment_id) > (t.recheck_at, t.payment_id)
      order by p.recheck_at, p.payment_id
      limit 1
    ) as n
  )
  select e.*
  from (select t.payment_id, t.tenant_id from turns as t limit least(greatest(max_rows, 1), 1000)) as c
  join ves_store.x402_exact_payments as p on p.payment_id = c.payment_id and p.tenant_id = c.tenant_id
  cross join lateral ves_int.exact_payment(p) as e;
$$;

comment on function ves.list_exact_rechecks(bigint, timestamptz, integer, text[]) is
'Failed EIP-3009 payments of which the chain is to be asked whether somebody else has made them, by the time until of a block (null: now): of each tenant the one that is due longest, then its second one, and so on; none of silent_tokens, which are in lower case; 1 to 1,000 rows.';
