create or replace function ves.list_unplanned_settlements(chain_id bigint, max_rows integer default 100)
returns setof ves.payment_settlement
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
as $$
  with recursive tokens as (
    (
      select s.token_address from ves_store.x402_settlements as s
      where s.status = 'prepared' and not s.is_planned and s.chain_id = list_unplanned_settlements.chain_id
      order by s.token_address
      limit 1
    )
    union all
    select n.token_address
    from tokens as t
    cross join lateral (
      select s.token_address from ves_store.x402_settlements as s
      where s.status = 'prepared' and not s.is_planned and s.chain_id = list_unplanned_settlements.chain_id
        and s.token_address > t.token_address
      order by s.token_address
      limit 1
    ) as n
  )
  select
    s.tenant_id, s.store_id, s.batch_id, s.part, s.status, s.chain_id, s.settlement_contract, s.token_address,
    b.merkle_root, b.sequence_start, b.sequence_end, s.tx_hash, s.reason, s.updated_at
  from tokens as t
  cross join lateral (
    select p.*, row_number() over (order by p.created_at) as place
    from (
      select o.* from ves_store.x402_settlements as o
      where o.status = 'prepared' and not o.is_planned and o.chain_id = list_unplanned_settlements.chain_id
        and o.token_address = t.token_address
      order by o.created_at
      limit least(greatest(max_rows, 1), 1000)
    ) as p
  ) as s
  join ves_store.x402_payment_batches as b on b.batch_id = s.batch_id and b.tenant_id = s.tenant_id
  order by s.place, s.created_at, s.batch_id, s.part
  limit least(greatest(max_rows, 1), 1000);
$$;

comment on function ves.list_unplanned_settlements(bigint, integer) is
'Parts of batches on a chain of which no call is in the outbox yet, the oldest of each token first, so that those of a token that cannot be read hold up no others; 1 to 1,000 rows.';
