-- Locks (sql/README.md): 0, then 2 of several streams, skipping locked ones, and x402_batches_to_divide.
create or replace function ves.plan_settlements(
  lease_token bigint, chain_id bigint, max_size integer default 200, max_batches integer default 16
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_batch record;
  v_part record;
  v_next integer;
  v_planned integer := 0;
begin
  perform ves_int.require_lease('x402_settlement', lease_token);
  for v_batch in
    select d.tenant_id, d.store_id, d.batch_id
    from ves_int.batches_to_divide(plan_settlements.chain_id, max_batches) as d
  loop
    perform from ves_store.ves_sequence_counters as c
    where c.tenant_id = v_batch.tenant_id and c.store_id = v_batch.store_id
    for update skip locked;
    continue when not found;
    v_next := coalesce((
      select max(s.part) + 1 from ves_store.x402_settlements as s
      where s.batch_id = v_batch.batch_id and s.tenant_id = v_batch.tenant_id
    ), 0);
    for v_part in
      select n.settlement_contract, n.token_address, n.intent_ids
      from ves_int.settlement_parts(v_batch.tenant_id, v_batch.batch_id, max_size) as n
    loop
      insert into ves_store.x402_settlements (
        tenant_id, store_id, batch_id, part, chain_id, status, settlement_contract, token_address, created_at, updated_at
      )
      values (
        v_batch.tenant_id, v_batch.store_id, v_batch.batch_id, v_next, plan_settlements.chain_id, 'prepared',
        v_part.settlement_contract, v_part.token_address, v_now, v_now);
      insert into ves_store.x402_settlement_items (tenant_id, intent_id, batch_id, part)
      select v_batch.tenant_id, m.intent_id, v_batch.batch_id, v_next from unnest(v_part.intent_ids) as m (intent_id);
      v_next := v_next + 1;
      v_planned := v_planned + 1;
    end loop;
    delete from ves_store.x402_batches_to_divide as d
    where d.chain_id = plan_settlements.chain_id and d.tenant_id = v_batch.tenant_id and d.batch_id = v_batch.batch_id;
  end loop;
  return v_planned;
end
$$;

comment on function ves.plan_settlements(bigint, bigint, integer, integer) is
'Divides batched, settleable intents of a chain into parts of at most max_size (1 to 200, the gas of one transaction under EIP-7825) of one contract, token and asset, in up to max_batches batches, of as many tenants as there are; intents of a failed part are planned again under new numbers, in parts of at most half its size. How many parts are new. lease_token is that of lease x402_settlement. Errors: VE406.';
