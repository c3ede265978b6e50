-- The first one of each tenant is found by a loose index scan, and each turn takes the next one of each
-- tenant: a look-up each, whatever waits. A recursion makes its rows in order, and no more than are taken.
create or replace function ves_int.exact_turns(
  chain_id bigint, settlement_contract text, token_address text, max_size integer
)
returns table (payment_id uuid, created_at timestamptz)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set jit to off
as $$
  with recursive heads as (
    (
      select p.tenant_id, p.created_at, p.payment_id from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.batch_id is null and p.chain_id = exact_turns.chain_id
        and p.settlement_contract = exact_turns.settlement_contract and p.token_address = exact_turns.token_address
      order by p.tenant_id, p.created_at, p.payment_id
      limit 1
    )
    union all
    select n.tenant_id, n.created_at, n.payment_id
    from heads as h
    cross join lateral (
      select p.tenant_id, p.created_at, p.payment_id from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.batch_id is null and p.chain_id = exact_turns.chain_id
        and p.settlement_contract = exact_turns.settlement_contract and p.token_address = exact_turns.token_address
        and p.tenant_id > h.tenant_id
      order by p.tenant_id, p.created_at, p.payment_id
      limit 1
    ) as n
  ),
  turns as (
    (select h.* from heads as h order by h.created_at)
    union all
    select n.tenant_id, n.created_at, n.payment_id
    from turns as t
    cross join lateral (
      select p.tenant_id, p.created_at, p.payment_id from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.batch_id is null and p.chain_id = exact_turns.chain_id
        and p.settlement_contract = exact_turns.settlement_contract and p.token_address = exact_turns.token_address
        and p.tenant_id = t.tenant_id and (p.created_at, p.payment_id) > (t.created_at, t.payment_id)
      order by p.created_at, p.payment_id
      limit 1
    ) as n
  )
  select t.payment_id, t.created_at from turns as t limit exact_turns.max_size;
$$;

comment on function ves_int.exact_turns(bigint, text, text, integer) is
'Recorded EIP-3009 payments of a contract and token that never were in a batch, at most max_size: of each tenant its oldest, then its second one, and so on.';
