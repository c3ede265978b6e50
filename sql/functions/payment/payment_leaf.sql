create or replace function ves_int.payment_leaf(
  intent_id uuid, sequence_number bigint, payer_address text, payee_address text, amount bigint, asset text,
  network text, chain_id bigint, nonce bigint, valid_until bigint, signing_hash bytea, payer_signature bytea
)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(
    uuid_send(intent_id) || int8send(sequence_number) || convert_to(payer_address || payee_address, 'UTF8')
    || int8send(amount) || convert_to(asset || network, 'UTF8') || int8send(chain_id) || int8send(nonce)
    || int8send(valid_until) || signing_hash || payer_signature);
$$;

comment on function ves_int.payment_leaf(
  uuid, bigint, text, text, bigint, text, text, bigint, bigint, bigint, bytea, bytea
) is
'Leaf of a sequenced intent (x402 A9): nonce before valid_until, unlike the hash that is signed.';
