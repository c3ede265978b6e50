-- A plan for each call: which index serves depends on the filters that are given.
create or replace function ves.list_payment_intents(
  tenant_id uuid,
  store_id uuid default null,
  payer_address text default null,
  payee_address text default null,
  status text default null,
  network text default null,
  asset text default null,
  batch_id uuid default null,
  from_date timestamptz default null,
  to_date timestamptz default null,
  max_rows integer default 100,
  skip_rows integer default 0
)
returns setof ves.payment_intent
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_custom_plan
set jit to off
as $$
#variable_conflict use_column
begin
  return query
  select p.*
  from (
    select i as intent
    from ves_store.x402_payment_intents as i
    where i.tenant_id = list_payment_intents.tenant_id
      and (list_payment_intents.store_id is null or i.store_id = list_payment_intents.store_id)
      and (list_payment_intents.payer_address is null or i.payer_address = list_payment_intents.payer_address)
      and (list_payment_intents.payee_address is null or i.payee_address = list_payment_intents.payee_address)
      and (list_payment_intents.status is null or i.status = list_payment_intents.status)
      and (list_payment_intents.network is null or i.network = list_payment_intents.network)
      and (list_payment_intents.asset is null or i.asset = list_payment_intents.asset)
      and (list_payment_intents.batch_id is null or i.batch_id = list_payment_intents.batch_id)
      and (from_date is null or i.created_at >= from_date)
      and (to_date is null or i.created_at <= to_date)
    order by i.created_at desc, i.sequence_number desc, i.intent_id
    limit least(greatest(max_rows, 1), 1000) offset least(greatest(skip_rows, 0), 10000)
  ) as s
  cross join lateral ves_int.payment_intent(s.intent) as p;
end
$$;

comment on function ves.list_payment_intents(
  uuid, uuid, text, text, text, text, text, uuid, timestamptz, timestamptz, integer, integer
) is
'Payment intents of a tenant, newest first (x402 A12); null filters nothing, addresses are compared as text, both dates are included. 1 to 1,000 rows after skip_rows (at most 10,000).';
