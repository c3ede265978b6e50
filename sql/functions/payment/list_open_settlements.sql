create or replace function ves.list_open_settlements(max_rows integer default 100)
returns setof ves.payment_settlement
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    s.tenant_id, s.store_id, s.batch_id, s.part, s.status, n.chain_id, s.settlement_contract, s.token_address,
    b.merkle_root, b.sequence_start, b.sequence_end, s.tx_hash, s.reason, s.updated_at
  from ves_store.x402_settlements as s
  join ves_store.x402_payment_batches as b on b.batch_id = s.batch_id and b.tenant_id = s.tenant_id
  join ves_store.x402_networks as n on n.network = b.network
  where s.status in ('prepared', 'broadcast', 'unknown')
  order by s.status <> 'prepared', s.updated_at, s.batch_id, s.part
  limit least(greatest(max_rows, 1), 1000);
$$;

comment on function ves.list_open_settlements(integer) is
'Parts of batches that are not settled or failed: those of which nothing is sent first, so that however many wait for finality hold up none, and the one that has not changed for longest first; 1 to 1,000 rows.';
