create or replace function ves_int.payment_signing_hash(
  payer_address text, payee_address text, amount bigint, asset text, network text, chain_id bigint,
  valid_until bigint, nonce bigint
)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    convert_to('X402_PAYMENT_V1' || payer_address || payee_address, 'UTF8') || int8send(amount)
    || convert_to(asset || network, 'UTF8') || int8send(chain_id) || int8send(valid_until) || int8send(nonce));
$$;

comment on function ves_int.payment_signing_hash(text, text, bigint, text, text, bigint, bigint, bigint) is
'What the payer signs (x402 A4): addresses as sent, valid_until before nonce. The nonce is the signed number with the bits of the unsigned one.';
