create or replace function ves_int.payment_intent(intent ves_store.x402_payment_intents)
returns ves.payment_intent
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  select row(
    intent.intent_id, intent.status, intent.tenant_id, intent.store_id, intent.source_agent_id, intent.agent_key_id,
    intent.payer_address, intent.payee_address, intent.amount, intent.asset, intent.network, intent.chain_id,
    intent.token_address, intent.valid_until, ves_int.unsigned(intent.nonce)::text, intent.idempotency_key,
    intent.resource_uri, intent.description, intent.order_id, intent.merchant_id, intent.signing_hash,
    intent.payer_signature, intent.payer_public_key, intent.sequence_number, intent.sequenced_at, intent.batch_id,
    intent.tx_hash, intent.block_number, intent.settled_at, intent.failure, intent.settlement_contract is not null,
    intent.metadata, intent.created_at, intent.updated_at
  )::ves.payment_intent;
$$;

comment on function ves_int.payment_intent(ves_store.x402_payment_intents) is 'A stored intent as functions answer it.';
