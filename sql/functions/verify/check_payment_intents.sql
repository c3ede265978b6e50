-- A nonce lies among those of all streams and is looked up by its key: a subquery with a limit is no join.
create or replace function ves_int.check_payment_intents(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_nestloop to off
set jit to off
as $$
  with intents as (
    select i as intent, i.* from ves_store.x402_payment_intents as i
    where i.tenant_id = check_payment_intents.tenant_id and i.store_id = check_payment_intents.store_id
  )
  select 'payment_numbering', n.last, null::uuid, format('%s intents have numbers up to %s, the counter says %s', n.count, n.last, n.counter)
  from (
    select
      count(*) as count, coalesce(max(i.sequence_number), 0) as last,
      coalesce((
        select c.current_sequence from ves_store.x402_sequence_counters as c
        where c.tenant_id = check_payment_intents.tenant_id and c.store_id = check_payment_intents.store_id
      ), 0) as counter
    from intents as i
  ) as n
  where n.count <> n.last or n.last <> n.counter
  union all
  select 'payment_record', i.sequence_number, null, 'a hash of the intent is not that of its members'
  from intents as i
  where i.signing_hash <> ves_int.payment_signing_hash(
    i.payer_address, i.payee_address, i.amount, i.asset, i.network, i.chain_id, i.valid_until, i.nonce)
    or i.leaf_hash <> ves_int.payment_leaf(
      i.intent_id, i.sequence_number, i.payer_address, i.payee_address, i.amount, i.asset, i.network, i.chain_id,
      i.nonce, i.valid_until, i.signing_hash, i.payer_signature)
    or i.record_hash <> ves_int.payment_record_hash(i.intent)
  union all
  select 'payment_nonce', i.sequence_number, null, 'the nonce of a settleable intent is not reserved for it'
  from intents as i
  where i.settlement_contract is not null and (
    select true from ves_store.x402_settlement_nonces as n
    where n.payer_address = i.payer_key and n.nonce = i.nonce and n.chain_id = i.chain_id
      and n.settlement_contract = i.settlement_contract and n.tenant_id = i.tenant_id and n.intent_id = i.intent_id
    limit 1
  ) is null;
$$;

comment on function ves_int.check_payment_intents(uuid, uuid) is
'Findings about the payment intents of a stream: numbers, hashes, reserved nonces (x402 A4, A8).';
