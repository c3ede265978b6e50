create or replace function ves_int.check_payments(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select f.* from ves_int.check_payment_intents(check_payments.tenant_id, check_payments.store_id) as f
  union all
  select f.* from ves_int.check_payment_batches(check_payments.tenant_id, check_payments.store_id) as f
  union all
  select f.* from ves_int.check_payment_log(check_payments.tenant_id, check_payments.store_id) as f;
$$;

comment on function ves_int.check_payments(uuid, uuid) is
'Findings about the payment intents and batches of a stream: numbers, hashes, reserved nonces, trees and roots, and the log of states, recomputed from the stored rows (x402 A4, A8, A9, A11).';
