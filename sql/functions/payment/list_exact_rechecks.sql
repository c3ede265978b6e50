-- Tenants with something to look at are found by a loose index scan: one look-up each.
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
  )
  select e.*
  from (
    select d.payment, row_number() over (partition by s.tenant_id order by d.recheck_at) as turn, random() as place
    from places as s
    cross join lateral (
      select p as payment, p.recheck_at from ves_store.x402_exact_payments as p
      where p.recheck_at <= least(list_exact_rechecks.until, now()) and p.chain_id = list_exact_rechecks.chain_id
        and p.token_address = s.token_address and p.tenant_id = s.tenant_id
      order by p.recheck_at
      limit least(greatest(max_rows, 1), 1000)
    ) as d
    where s.token_address <> all(silent_tokens)
    order by turn, place
    limit least(greatest(max_rows, 1), 1000)
  ) as c
  cross join lateral ves_int.exact_payment(c.payment) as e
  order by c.turn, c.place;
$$;

comment on function ves.list_exact_rechecks(bigint, timestamptz, integer, text[]) is
'Failed EIP-3009 payments of which the chain is to be asked whether somebody else has made them, by the time until of a block (null: now): of each tenant the one that is due longest, then its second one, and so on; none of silent_tokens, which are in lower case; 1 to 1,000 rows.';
