-- The account is given by its bounds: only the index of open transactions has this order (sql/README.md).
create or replace function ves.list_open_transactions(
  lease text, chain_id bigint, final_seconds double precision default 0, max_rows integer default 100
)
returns setof ves.chain_transaction
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
  select
    t.transaction_id, t.kind, t.tenant_id, t.reference_id, t.part, t.sender, t.to_address, t.calldata, t.status, t.nonce,
    t.attempt, array(
      select s.tx_hash from ves_store.chain_attempts as s
      where s.transaction_id = t.transaction_id
      order by s.attempt
    ), n.raw, n.gas_limit, n.max_fee, n.priority_fee, t.block_number, t.block_hash, t.reason,
    extract(epoch from clock_timestamp() - coalesce(n.signed_at, t.created_at))::double precision
  from ves_store.chain_accounts as a
  cross join lateral (
    (
      select o.* from ves_store.chain_transactions as o
      where o.status in ('planned', 'signed', 'broadcast', 'unknown')
        and (o.chain_id, o.sender) >= (a.chain_id, a.sender) and (o.chain_id, o.sender) <= (a.chain_id, a.sender)
      order by o.chain_id, o.sender, o.nonce, o.updated_at
      limit least(greatest(list_open_transactions.max_rows, 1), 1000)
    )
    union all
    (
      select o.* from ves_store.chain_transactions as o
      where o.chain_id = a.chain_id and o.sender = a.sender and o.status = 'mined'
      order by o.updated_at
      limit least(greatest(list_open_transactions.max_rows, 1), 1000)
    )
    union all
    (
      select o.* from ves_store.chain_transactions as o
      where o.chain_id = a.chain_id and o.sender = a.sender and o.status = 'final'
        and o.updated_at > now() - list_open_transactions.final_seconds * interval '1 second'
      order by o.updated_at desc
      limit least(greatest(list_open_transactions.max_rows, 1), 1000)
    )
  ) as t
  left join ves_store.chain_attempts as n on n.transaction_id = t.transaction_id and n.attempt = t.attempt
  where a.chain_id = list_open_transactions.chain_id and a.lease = list_open_transactions.lease
  order by t.nonce, t.transaction_id;
$$;

comment on function ves.list_open_transactions(text, bigint, double precision, integer) is
'Transactions of the outbox on a chain, of the accounts of a lease, that are not final, failed or replaced, and those that became final within final_seconds; in order of nonces, those without one last; 1 to 1,000 rows of what is in no block, of what waits for finality, and of what is final: none of them holds up another. Of those without a nonce, and of those in a block, the ones that were not looked at for longest.';
