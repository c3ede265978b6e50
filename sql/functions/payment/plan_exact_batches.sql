-- Locks (sql/README.md): 0, then rows of x402_exact_payments, skipping locked ones.
create or replace function ves.plan_exact_batches(
  lease_token bigint, chain_id bigint, max_size integer default 100, max_wait_ms integer default 200
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_size constant integer := least(greatest(max_size, 1), 200);
  v_group record;
  v_ids uuid[];
  v_levels bytea[];
  v_batch_id uuid;
  v_planned integer := 0;
begin
  perform ves_int.require_lease('x402_settlement', lease_token);
  -- the worker asks some times a second: what starts the plans below takes five times as long as this
  if not exists (
    select from ves_store.x402_exact_payments as p
    where p.status = 'recorded' and p.batch_id is null and p.chain_id = plan_exact_batches.chain_id
  ) and not exists (
    select from ves_store.x402_exact_payments as p
    where p.status = 'recorded' and p.batch_id is not null and p.chain_id = plan_exact_batches.chain_id
  ) then
    return 0;
  end if;
  -- what was sent before may have been used by somebody else: of that the contract is asked, by another transaction
  update ves_store.x402_exact_payments as p
  set status = 'failed', reason = 'invalid_exact_evm_payload_authorization_valid_before', updated_at = v_now
  where p.payment_id = any (array(
    select w.payment_id from ves_store.x402_exact_payments as w
    where w.status = 'recorded' and w.batch_id is null and w.chain_id = plan_exact_batches.chain_id
      and w.valid_before <= extract(epoch from v_now)
    order by w.valid_before
    limit 10000 for update skip locked
  ));
  for v_group in
    select d.settlement_contract, d.token_address, d.payment_ids
    from ves_int.due_exact_payments(
      plan_exact_batches.chain_id, v_size, v_now - interval '1 millisecond' * max_wait_ms
    ) as d
  loop
    select array_agg(c.payment_id), ves_int.legacy_tree_levels(string_agg(c.leaf, '' order by c.payment_id))
    into v_ids, v_levels
    from (
      select p.payment_id, ves_int.exact_payment_leaf(p.payment_id, p.digest, p.signature) as leaf
      from ves_store.x402_exact_payments as p
      where p.status = 'recorded' and p.payment_id = any(v_group.payment_ids)
      for update skip locked
    ) as c;
    continue when v_ids is null;
    insert into ves_store.x402_exact_batches as b (
      chain_id, settlement_contract, token_address, status, payment_count, merkle_root, created_at, updated_at
    )
    values (
      plan_exact_batches.chain_id, v_group.settlement_contract, v_group.token_address, 'prepared', cardinality(v_ids),
      v_levels[cardinality(v_levels)], v_now, v_now)
    returning b.batch_id into v_batch_id;
    update ves_store.x402_exact_payments as p
    set status = 'batched', batch_id = v_batch_id, updated_at = v_now
    where p.payment_id = any(v_ids);
    v_planned := v_planned + 1;
  end loop;
  return v_planned;
end
$$;

comment on function ves.plan_exact_batches(bigint, bigint, integer, integer) is
'Makes a batch of recorded EIP-3009 payments for each contract and token of a chain of which max_size (1 to 200) wait, or one has waited for max_wait_ms; those whose time has passed fail if they never were in one. Tenants take turns. Payments of a batch that failed come in batches of at most half its size, without others. How many batches are new. lease_token is that of lease x402_settlement. Errors: VE406.';
