-- Every change of an intent's state happens under the row of its stream's counter, so what is chosen here
-- stays as it was seen. The claim skips locked rows all the same: no claim can wait for another.
-- Locks (sql/README.md): 2 to 3, then the claimed rows of x402_payment_intents.
create or replace function ves.create_payment_batch(
  tenant_id uuid, store_id uuid, network text, intent_ids uuid[] default null, max_size integer default 100
)
returns ves.payment_batch
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_claimed uuid[];
  v_batch ves_store.x402_payment_batches;
begin
  if max_size is null or max_size < 1 then
    perform ves_int.raise_error('invalid_field', '{"field": "max_size"}');
  end if;
  if max_size > 1000 or cardinality(intent_ids) > max_size then
    perform ves_int.raise_error('payment_batch_too_large', jsonb_build_object('limit', least(max_size, 1000)));
  end if;
  if not exists (select from ves_store.x402_networks as n where n.network = create_payment_batch.network) then
    perform ves_int.raise_error('invalid_field', '{"field": "network"}');
  end if;
  perform from ves_store.ves_sequence_counters as c
  where c.tenant_id = create_payment_batch.tenant_id and c.store_id = create_payment_batch.store_id
  for update;
  v_now := clock_timestamp();
  if cardinality(intent_ids) > 0 then
    -- named by its id an intent is batched as in the original, if its time is over too
    perform ves_int.require_batchable(
      create_payment_batch.tenant_id, create_payment_batch.store_id, create_payment_batch.network, intent_ids);
    v_claimed := array(
      select i.intent_id
      from ves_store.x402_payment_intents as i
      where i.intent_id = any(intent_ids) and i.tenant_id is not distinct from create_payment_batch.tenant_id
      order by i.sequence_number
      for update skip locked
    );
  else
    v_claimed := array(
      select i.intent_id
      from ves_store.x402_payment_intents as i
      where i.tenant_id = create_payment_batch.tenant_id and i.store_id = create_payment_batch.store_id
        and i.network = create_payment_batch.network and i.status = 'sequenced'
        and i.valid_until >= extract(epoch from v_now)
      order by i.sequence_number
      limit max_size
      for update skip locked
    );
  end if;
  if cardinality(v_claimed) = 0 then
    perform ves_int.raise_error('nothing_to_batch');
  end if;
  v_batch := ves_int.store_payment_batch(
    create_payment_batch.tenant_id, create_payment_batch.store_id, create_payment_batch.network, v_claimed, v_now);
  perform ves_int.append_batch_events(v_batch, '{created}');
  perform ves_int.append_payment_events(v_batch.tenant_id, v_batch.store_id, v_claimed, '{batched}');
  perform ves_int.append_batch_events(v_batch, '{committed}');
  return ves_int.payment_batch(v_batch);
end
$$;

comment on function ves.create_payment_batch(uuid, uuid, text, uuid[], integer) is
'Makes and commits a batch of one stream and network (x402 A10): the named intents, or without names the lowest-numbered sequenced ones that have not expired, at most max_size. Errors: VE007, VE701, VE712, VE713, VE714.';
