create or replace function ves.get_payment_receipt(tenant_id uuid, intent_id uuid)
returns ves.payment_receipt
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_intent ves_store.x402_payment_intents;
  v_batch ves_store.x402_payment_batches;
  v_index integer;
  v_proof bytea[];
begin
  select i.* into v_intent
  from ves_store.x402_payment_intents as i
  where i.intent_id = get_payment_receipt.intent_id
    and get_payment_receipt.tenant_id in (i.tenant_id, '00000000-0000-0000-0000-000000000000');
  if not found then
    perform ves_int.raise_error('payment_not_found');
  end if;
  if v_intent.batch_id is null then
    perform ves_int.raise_error('payment_not_committed', jsonb_build_object('status', v_intent.status));
  end if;
  select b.* into v_batch from ves_store.x402_payment_batches as b
  where b.batch_id = v_intent.batch_id and b.tenant_id = v_intent.tenant_id;
  v_index := (
    select count(*)::integer
    from (
      select i.sequence_number from ves_store.x402_payment_intents as i
      where i.batch_id = v_intent.batch_id and i.tenant_id is not distinct from v_intent.tenant_id
      offset 0
    ) as m
    where m.sequence_number < v_intent.sequence_number
  );
  -- a level in which the node has no sibling is left out (x402 A9)
  v_proof := array(
    select s.sibling
    from ves_store.x402_batch_nodes as n
    cross join lateral (
      select substring(n.nodes from 32 * ((v_index >> n.level) # 1) + 1 for 32) as sibling
    ) as s
    where n.batch_id = v_intent.batch_id and n.tenant_id = v_intent.tenant_id and octet_length(s.sibling) = 32
    order by n.level
  );
  return row(
    v_intent.intent_id, v_intent.tenant_id, v_intent.store_id, v_intent.sequence_number, v_intent.batch_id,
    v_batch.merkle_root, v_proof, v_index, v_batch.payment_count, v_intent.payer_address, v_intent.payee_address,
    v_intent.amount, v_intent.asset, v_intent.network, v_intent.chain_id, ves_int.unsigned(v_intent.nonce)::text,
    v_intent.valid_until, v_intent.signing_hash, v_intent.payer_signature, v_intent.tx_hash, v_intent.block_number
  )::ves.payment_receipt;
end
$$;

comment on function ves.get_payment_receipt(uuid, uuid) is
'What proves that an intent is in its batch (x402 A12), from stored tree levels; the nil tenant looks in all. Errors: VE701, VE711 while the intent is in no batch.';
