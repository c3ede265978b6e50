-- Locks (sql/README.md): 0, then what ves_int.tell_target locks.
create or replace function ves.sign_transaction(
  lease_token bigint, transaction_id bigint, attempt integer, nonce bigint, tx_hash bytea, raw bytea,
  gas_limit bigint, max_fee bigint, priority_fee bigint
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_transaction ves_store.chain_transactions;
  v_last ves_store.chain_attempts;
begin
  v_transaction := ves_int.claim_transaction(lease_token, sign_transaction.transaction_id);
  select t.* into v_last from ves_store.chain_attempts as t
  where t.transaction_id = v_transaction.transaction_id and t.attempt = v_transaction.attempt;
  if v_last.tx_hash = sign_transaction.tx_hash then
    return false;
  end if;
  if v_transaction.attempt + 1 is distinct from sign_transaction.attempt
    or v_transaction.status not in ('planned', 'signed', 'broadcast')
    or v_transaction.nonce <> sign_transaction.nonce then
    perform ves_int.raise_error('transaction_moved', jsonb_build_object('status', v_transaction.status));
  end if;
  if v_transaction.status = 'planned' then
    update ves_store.chain_accounts as a
    set next_nonce = a.next_nonce + 1
    where a.chain_id = v_transaction.chain_id and a.sender = v_transaction.sender
      and a.next_nonce = sign_transaction.nonce;
    if not found then
      perform ves_int.raise_error('transaction_moved', '{"status": "planned"}');
    end if;
  -- nodes take a replacement only if both fees are a tenth higher
  elsif sign_transaction.max_fee < v_last.max_fee + v_last.max_fee / 10
    or sign_transaction.priority_fee < v_last.priority_fee + v_last.priority_fee / 10 then
    perform ves_int.raise_error('invalid_field', '{"field": "max_fee"}');
  end if;
  insert into ves_store.chain_attempts (
    transaction_id, attempt, tx_hash, raw, gas_limit, max_fee, priority_fee, signed_at
  )
  values (
    v_transaction.transaction_id, sign_transaction.attempt, sign_transaction.tx_hash, sign_transaction.raw,
    sign_transaction.gas_limit, sign_transaction.max_fee, sign_transaction.priority_fee, v_now);
  update ves_store.chain_transactions as t
  set
    status = 'signed', nonce = sign_transaction.nonce, attempt = sign_transaction.attempt,
    tx_hash = sign_transaction.tx_hash, reason = null, updated_at = v_now
  where t.transaction_id = v_transaction.transaction_id
  returning t.* into v_transaction;
  perform ves_int.tell_target(lease_token, v_transaction);
  return true;
end
$$;

comment on function ves.sign_transaction(bigint, bigint, integer, bigint, bytea, bytea, bigint, bigint, bigint) is
'Stores the signed bytes of a transaction, before they are sent (chain 8, points 1 to 4). The first attempt takes the account''s next nonce; a later one has the same nonce and fees at least a tenth higher. Whether anything changed; the same again changes nothing. Errors: VE406, VE007, VE720, VE721 another attempt or nonce came first.';
