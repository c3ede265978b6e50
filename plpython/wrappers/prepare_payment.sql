-- Generated from ves.plpython_payments.prepare_payment by `make generate`; do not edit.
create or replace function ves_int.prepare_payment(
  request text,
  out tenant_id uuid,
  out store_id uuid,
  out intents json
)
returns record
language plpython3u
volatile strict parallel unsafe cost 50000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_payments import prepare_payment
from ves.plpython_guard import guard
return guard(plpy, prepare_payment,
  plpy, request)
$$;

comment on function ves_int.prepare_payment(text) is
'Decode a payment intent, hash it and verify its signature (x402 A6 steps 1 to 5, 7, 9, 10). Errors: VE001, VE002, VE007, VE717. What is wrong with hash, key or signature is the refusal of the intent.';
