-- Locks (sql/README.md): 2 of several streams, skipping locked ones, then those of ves.create_payment_batch.
create or replace function ves.batch_due_payments(
  networks text[],
  min_size integer default 1,
  max_size integer default 100,
  max_wait_seconds integer default 300,
  max_value bigint default null,
  expiry_margin_seconds integer default 60,
  max_batches integer default 16
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
  v_stream record;
  v_made integer := 0;
begin
  if networks is null or coalesce(max_size not between 1 and 1000 or min_size not between 1 and max_size, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "max_size"}');
  end if;
  for v_stream in
    select d.network, d.tenant_id, d.store_id
    from ves_int.due_payment_streams(networks, min_size, max_wait_seconds, max_value, expiry_margin_seconds) as d
  loop
    exit when v_made >= max_batches;
    perform from ves_store.ves_sequence_counters as c
    where c.tenant_id = v_stream.tenant_id and c.store_id = v_stream.store_id
    for update skip locked;
    continue when not found;
    begin
      perform ves.create_payment_batch(
        v_stream.tenant_id, v_stream.store_id, v_stream.network, null, max_size);
      v_made := v_made + 1;
    exception
      -- another call batched them, or they expired, since they were looked at
      when sqlstate 'VE713' then
        null;
    end;
  end loop;
  return v_made;
end
$$;

comment on function ves.batch_due_payments(text[], integer, integer, integer, bigint, integer, integer) is
'Makes a batch of each stream and network that is due (x402 A10), at most max_batches: one of each tenant, then a second one, the one that has waited longest first; a locked stream takes no place. Due: min_size intents wait, or the oldest has waited max_wait_seconds, or those of one asset come to max_value (null: no such rule), or one expires within expiry_margin_seconds. A batch takes max_size intents at most. How many were made; as many as max_batches: there may be more. Errors: VE007.';
