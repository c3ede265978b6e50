create or replace function ves_int.exact_payment(stored ves_store.x402_exact_payments)
returns ves.exact_payment
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  select row(
    stored.payment_id, stored.tenant_id, stored.chain_id, stored.settlement_contract, stored.token_address,
    stored.payer_address, stored.payee_address, stored.amount::text, stored.valid_after::text,
    stored.valid_before::text, stored.nonce, stored.signature, stored.status, stored.batch_id, stored.tx_hash,
    stored.reason, stored.created_at
  )::ves.exact_payment;
$$;

comment on function ves_int.exact_payment(ves_store.x402_exact_payments) is 'A stored payment as it is told.';
