create or replace function ves_int.append_payment_events(
  tenant_id uuid, store_id uuid, intent_ids uuid[], actions text[]
)
returns void
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
  v_ids text[];
  v_types text[];
  v_payloads text[];
begin
  select
    array_agg(i.intent_id::text order by g.ord, a.ord),
    array_agg('x402_payment.' || a.action order by g.ord, a.ord),
    array_agg(case a.action
      when 'created' then format(
        '{"amount":%s,"asset":"%s","intent_id":"%s","network":"%s","payee_address":%s,"payer_address":%s,"valid_until":%s}',
        i.amount, i.asset, i.intent_id, i.network, to_json(i.payee_address), to_json(i.payer_address), i.valid_until)
      when 'sequenced' then format('{"intent_id":"%s","sequence_number":%s}', i.intent_id, i.sequence_number)
      when 'batched' then format('{"batch_id":"%s","intent_id":"%s"}', i.batch_id, i.intent_id)
      when 'settled' then format(
        '{"batch_id":"%s","block_number":%s,"intent_id":"%s","tx_hash":%s}',
        i.batch_id, coalesce(i.block_number::text, 'null'), i.intent_id, coalesce(to_json(i.tx_hash)::text, 'null'))
      when 'failed' then format(
        '{"batch_id":"%s","intent_id":"%s","reason":%s}', i.batch_id, i.intent_id, to_json(i.failure))
      else format('{"intent_id":"%s"}', i.intent_id)
    end order by g.ord, a.ord)
  into v_ids, v_types, v_payloads
  from unnest(intent_ids) with ordinality as g (intent_id, ord)
  cross join lateral (
    select p.* from ves_store.x402_payment_intents as p
    where p.intent_id = g.intent_id and p.tenant_id is not distinct from append_payment_events.tenant_id
    limit 1
  ) as i
  cross join unnest(actions) with ordinality as a (action, ord);
  perform ves_int.append_own_events(
    append_payment_events.tenant_id, append_payment_events.store_id,
    array_fill('x402_payment'::text, array[cardinality(v_ids)]), v_ids, v_types, v_payloads);
end
$$;

comment on function ves_int.append_payment_events(uuid, uuid, uuid[], text[]) is
'Appends x402_payment.<action> of each intent and action, in this order, from the stored rows (x402 A8).';
