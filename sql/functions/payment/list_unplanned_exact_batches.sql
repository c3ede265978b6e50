create or replace function ves.list_unplanned_exact_batches(chain_id bigint, max_rows integer default 100)
returns table (
  batch_id uuid, settlement_contract text, token_address text, merkle_root bytea, payment_count integer
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
  select b.batch_id, b.settlement_contract, b.token_address, b.merkle_root, b.payment_count
  from ves_store.x402_exact_batches as b
  where b.status = 'prepared' and not b.is_planned and b.chain_id = list_unplanned_exact_batches.chain_id
  order by b.created_at, b.batch_id
  limit least(greatest(max_rows, 1), 1000);
$$;

comment on function ves.list_unplanned_exact_batches(bigint, integer) is
'Batches of EIP-3009 payments of which no call is in the outbox yet, the oldest first; 1 to 1,000 rows.';
