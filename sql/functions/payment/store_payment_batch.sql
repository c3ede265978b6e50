create or replace function ves_int.store_payment_batch(
  tenant_id uuid, store_id uuid, network text, intent_ids uuid[], at timestamptz
)
returns ves_store.x402_payment_batches
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_levels bytea[];
  v_batch ves_store.x402_payment_batches;
begin
  select
    store_payment_batch.tenant_id, store_payment_batch.store_id, gen_random_uuid(), store_payment_batch.network,
    'committed', count(*)::integer, min(i.sequence_number), max(i.sequence_number), store_payment_batch.at,
    store_payment_batch.at,
    (
      select jsonb_agg(jsonb_build_object(
        'asset', a.asset, 'total_amount', least(a.total, 18446744073709551615), 'payment_count', a.payments
      ) order by a.first)
      from (
        select m.asset, sum(m.amount) as total, count(*) as payments, min(m.sequence_number) as first
        from ves_store.x402_payment_intents as m
        where m.intent_id = any(store_payment_batch.intent_ids)
          and m.tenant_id is not distinct from store_payment_batch.tenant_id
        group by m.asset
      ) as a
    ),
    ves_int.legacy_tree_levels(string_agg(i.leaf_hash, '' order by i.sequence_number))
  into
    v_batch.tenant_id, v_batch.store_id, v_batch.batch_id, v_batch.network, v_batch.status, v_batch.payment_count,
    v_batch.sequence_start, v_batch.sequence_end, v_batch.created_at, v_batch.committed_at, v_batch.total_amounts,
    v_levels
  from ves_store.x402_payment_intents as i
  where i.intent_id = any(store_payment_batch.intent_ids)
    and i.tenant_id is not distinct from store_payment_batch.tenant_id;
  v_batch.merkle_root := v_levels[cardinality(v_levels)];
  v_batch.new_state_root := sha256(
    uuid_send(v_batch.tenant_id) || uuid_send(v_batch.store_id) || uuid_send(v_batch.batch_id) || v_batch.merkle_root);
  insert into ves_store.x402_payment_batches select (v_batch).*;
  insert into ves_store.x402_batch_nodes (tenant_id, batch_id, level, nodes)
  select v_batch.tenant_id, v_batch.batch_id, l.level - 1, l.nodes
  from unnest(v_levels) with ordinality as l (nodes, level);
  with moved as (
    update ves_store.x402_payment_intents as i
    set status = 'batched', batch_id = v_batch.batch_id, updated_at = store_payment_batch.at
    where i.intent_id = any(store_payment_batch.intent_ids)
      and i.tenant_id is not distinct from store_payment_batch.tenant_id
    returning i.chain_id, i.settlement_contract
  )
  insert into ves_store.x402_batches_to_divide (chain_id, tenant_id, batch_id, store_id)
  select distinct m.chain_id, v_batch.tenant_id, v_batch.batch_id, v_batch.store_id
  from moved as m where m.settlement_contract is not null;
  return v_batch;
end
$$;

comment on function ves_int.store_payment_batch(uuid, uuid, text, uuid[], timestamptz) is
'Stores a committed batch of intents with its totals, tree and roots (x402 A9), and moves the intents into it.';
