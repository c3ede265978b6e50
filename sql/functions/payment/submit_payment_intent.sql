-- The door for services beside the database, like ves.ingest_signed_request.
create or replace function ves.submit_payment_intent(request text)
returns ves.payment_outcome
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_payment record;
  v_outcome ves.payment_outcome;
begin
  perform ves_int.require_request(request, 131072);
  perform ves_int.require_crypto();
  select * into v_payment from ves_int.prepare_payment(submit_payment_intent.request);
  select * into v_outcome
  from ves.append_payment_intents(v_payment.tenant_id, v_payment.store_id, v_payment.intents);
  if v_outcome.outcome not in ('sequenced', 'replayed') then
    perform ves_int.raise_error(v_outcome.outcome);
  end if;
  return v_outcome;
end
$$;

comment on function ves.submit_payment_intent(text) is
'Submits a payment intent, the JSON text of POST /api/v1/x402/payments as received, verifying its signature inside the database (x402 A6). The same idempotency key and request answer the stored intent (outcome replayed). Errors: VE001, VE002, VE004, VE007, VE717 for a wrong request, VE203, VE703 to VE710 for an intent that is refused, VE204 in core mode.';
