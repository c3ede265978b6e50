create or replace function ves.list_settlement_payments(tenant_id uuid, batch_id uuid, part integer)
returns setof ves.payment_intent
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  select p.*
  from ves_store.x402_settlement_items as m
  join ves_store.x402_payment_intents as i on i.intent_id = m.intent_id and i.tenant_id = m.tenant_id
  cross join lateral ves_int.payment_intent(i) as p
  where m.batch_id = list_settlement_payments.batch_id and m.part = list_settlement_payments.part
    and m.tenant_id = list_settlement_payments.tenant_id
  order by i.sequence_number;
$$;

comment on function ves.list_settlement_payments(uuid, uuid, integer) is
'The intents of a part of a batch in order of their numbers: the same for ever, so a transaction is made of the same bytes again.';
