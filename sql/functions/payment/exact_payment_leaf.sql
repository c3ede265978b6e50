create or replace function ves_int.exact_payment_leaf(payment_id uuid, digest bytea, signature bytea)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(convert_to('X402_EXACT_EIP3009_V1', 'UTF8') || uuid_send(payment_id) || digest || signature);
$$;

comment on function ves_int.exact_payment_leaf(uuid, bytea, bytea) is
'Leaf of an EIP-3009 payment in the tree of its batch (x402 part C): SHA-256 of the tag X402_EXACT_EIP3009_V1, the id, the EIP-712 digest and the signature. Its tag keeps it apart from the leaves of x402 A9.';
