-- Streams whose row is locked are left to the next call.
-- Locks (sql/README.md): 2 of several streams, skipping locked ones, then 3.
create or replace function ves.expire_payment_intents(max_rows integer default 1000)
returns integer
language plpgsql
volatile
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
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_expired uuid[];
  v_total integer := 0;
  v_stream record;
begin
  for v_stream in
    select d.tenant_id, d.store_id, d.intent_ids
    from (
      select i.tenant_id, i.store_id, array_agg(i.intent_id) as intent_ids
      from (
        select w.tenant_id, w.store_id, w.intent_id
        from ves_store.x402_payment_intents as w
        join ves_store.ves_sequence_counters as c on c.tenant_id = w.tenant_id and c.store_id = w.store_id
        where w.status = 'sequenced' and w.valid_until < floor(extract(epoch from v_now))::bigint
        order by w.valid_until
        limit least(greatest(max_rows, 1), 10000)
        for update of c skip locked
      ) as i
      group by i.tenant_id, i.store_id
    ) as d
    order by d.tenant_id, d.store_id
  loop
    with expired as (
      update ves_store.x402_payment_intents as i
      set status = 'expired', updated_at = v_now
      where i.intent_id = any(v_stream.intent_ids) and i.tenant_id is not distinct from v_stream.tenant_id
        and i.status is not distinct from 'sequenced'
      returning i.intent_id, i.sequence_number
    )
    select array_agg(e.intent_id order by e.sequence_number) into v_expired from expired as e;
    if v_expired is not null then
      perform ves_int.append_payment_events(v_stream.tenant_id, v_stream.store_id, v_expired, '{expired}');
      v_total := v_total + cardinality(v_expired);
    end if;
  end loop;
  return v_total;
end
$$;

comment on function ves.expire_payment_intents(integer) is
'Expires sequenced intents whose valid_until has passed, the oldest first, at most max_rows (1 to 10,000): a batched intent is never expired (x402 A11, T16). How many.';
