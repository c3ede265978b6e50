create or replace function ves.get_payment_intent(tenant_id uuid, intent_id uuid)
returns setof ves.payment_intent
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select p.*
  from ves_store.x402_payment_intents as i
  cross join lateral ves_int.payment_intent(i) as p
  where i.intent_id = get_payment_intent.intent_id
    and get_payment_intent.tenant_id in (i.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_payment_intent(uuid, uuid) is
'One payment intent of a tenant (x402 A12); the nil tenant looks in all (bootstrap administrator). No row when there is none.';
