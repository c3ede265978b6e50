-- Locks (sql/README.md): none but those of the new row.
create or replace function ves.record_exact_payment(
  tenant_id uuid, chain_id bigint, settlement_contract text, token_address text, payer_address text,
  payee_address text, amount text, valid_after text, valid_before text, nonce bytea, signature bytea,
  digest bytea, payment_identifier text default null, resource text default null,
  delivery_id uuid default null
)
returns ves.exact_payment
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_payment ves_store.x402_exact_payments;
begin
  if coalesce(concat_ws(' ', amount, valid_after, valid_before) !~ '^[0-9]{1,39} [0-9]{1,78} [0-9]{1,78}$', true) then
    perform ves_int.raise_error('invalid_field', '{"field": "amount"}');
  end if;
  insert into ves_store.x402_exact_payments as p (
    tenant_id, chain_id, settlement_contract, token_address, payer_address, payee_address, amount, valid_after,
    valid_before, nonce, signature, digest, payment_identifier, resource, delivery_id, status, created_at, updated_at
  )
  values (
    record_exact_payment.tenant_id, record_exact_payment.chain_id, lower(record_exact_payment.settlement_contract),
    lower(record_exact_payment.token_address), lower(record_exact_payment.payer_address),
    lower(record_exact_payment.payee_address), record_exact_payment.amount::numeric,
    record_exact_payment.valid_after::numeric, record_exact_payment.valid_before::numeric,
    record_exact_payment.nonce, record_exact_payment.signature, record_exact_payment.digest,
    record_exact_payment.payment_identifier, record_exact_payment.resource, record_exact_payment.delivery_id,
    'recorded', v_now, v_now)
  on conflict do nothing
  returning p.* into v_payment;
  if not found then
    select p.* into v_payment from ves_store.x402_exact_payments as p
    where p.payer_address = lower(record_exact_payment.payer_address) and p.nonce = record_exact_payment.nonce
      and p.token_address = lower(record_exact_payment.token_address) and p.chain_id = record_exact_payment.chain_id;
    if not found then
      perform ves_int.raise_error('idempotency_conflict');
    end if;
    if (v_payment.tenant_id, v_payment.digest, v_payment.signature, v_payment.delivery_id) is distinct from (
      record_exact_payment.tenant_id, record_exact_payment.digest, record_exact_payment.signature,
      record_exact_payment.delivery_id
    ) then
      perform ves_int.raise_error('nonce_used');
    end if;
  end if;
  return ves_int.exact_payment(v_payment);
end
$$;

comment on function ves.record_exact_payment(
  uuid, bigint, text, text, text, text, text, text, text, bytea, bytea, bytea, text, text, uuid
) is
'Records an EIP-3009 authorization that the caller has verified, before anything is sent (x402 part C); the same authorization of the same tenant answers the stored payment with its state now. amount and times are decimal digits. delivery_id: the response that is paid for. Errors: VE007, VE706 another tenant, another signature or another delivery has used the nonce; VE703 the payment identifier names another payment.';
