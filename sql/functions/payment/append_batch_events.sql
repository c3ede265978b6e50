create or replace function ves_int.append_batch_events(batch ves_store.x402_payment_batches, actions text[])
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform ves_int.append_own_events(
    batch.tenant_id, batch.store_id,
    array_fill('x402_batch'::text, array[cardinality(actions)]),
    array_fill(batch.batch_id::text, array[cardinality(actions)]),
    (select array_agg('x402_batch.' || a.action order by a.ord) from unnest(actions) with ordinality as a (action, ord)),
    (
      select array_agg(case a.action
        when 'created' then format(
          '{"batch_id":"%s","network":"%s","payment_count":%s}', batch.batch_id, batch.network, batch.payment_count)
        when 'committed' then format(
          '{"batch_id":"%s","merkle_root":"%s","new_state_root":"%s","sequence_end":%s,"sequence_start":%s}',
          batch.batch_id, encode(batch.merkle_root, 'hex'), encode(batch.new_state_root, 'hex'), batch.sequence_end,
          batch.sequence_start)
        else format(
          '{"batch_id":"%s","block_number":%s,"tx_hash":%s}', batch.batch_id,
          coalesce(batch.block_number::text, 'null'), coalesce(to_json(batch.tx_hash)::text, 'null'))
      end order by a.ord)
      from unnest(actions) with ordinality as a (action, ord)
    ));
end
$$;

comment on function ves_int.append_batch_events(ves_store.x402_payment_batches, text[]) is
'Appends x402_batch.<action> of a batch for each action, in this order (x402 A8).';
