create or replace function ves_int.payment_record_hash(intent ves_store.x402_payment_intents)
returns bytea
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select sha256(convert_to(json_build_array(
    intent.source_agent_id, intent.agent_key_id, intent.payer_key, intent.token_address, intent.idempotency_key,
    encode(intent.fingerprint, 'hex'), intent.resource_uri, intent.description, intent.order_id, intent.merchant_id,
    encode(intent.payer_public_key, 'hex'), intent.settlement_contract, intent.metadata::text,
    encode(timestamptz_send(intent.created_at) || timestamptz_send(intent.sequenced_at), 'hex')
  )::text, 'UTF8'));
$$;

comment on function ves_int.payment_record_hash(ves_store.x402_payment_intents) is
'SHA-256 over the members of an intent that never change and are not in its leaf, as a JSON array.';
