-- Locks (sql/README.md): 0, then what ves_int.tell_target locks.
create or replace function ves.mine_transaction(
  lease_token bigint, transaction_id bigint, tx_hash bytea, block_number bigint, block_hash bytea
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_transaction ves_store.chain_transactions;
begin
  v_transaction := ves_int.claim_transaction(lease_token, mine_transaction.transaction_id);
  if v_transaction.block_hash = mine_transaction.block_hash and v_transaction.tx_hash = mine_transaction.tx_hash then
    -- it was looked at: others come before it in ves.list_open_transactions
    if v_transaction.status = 'mined' then
      update ves_store.chain_transactions as t
      set updated_at = clock_timestamp()
      where t.transaction_id = v_transaction.transaction_id;
    end if;
    return false;
  end if;
  if v_transaction.status not in ('signed', 'broadcast', 'unknown', 'mined') then
    perform ves_int.raise_error('transaction_moved', jsonb_build_object('status', v_transaction.status));
  end if;
  if not exists (
    select from ves_store.chain_attempts as t
    where t.transaction_id = v_transaction.transaction_id and t.tx_hash = mine_transaction.tx_hash
  ) then
    perform ves_int.raise_error('invalid_field', '{"field": "tx_hash"}');
  end if;
  update ves_store.chain_transactions as t
  set
    status = 'mined', tx_hash = mine_transaction.tx_hash, block_number = mine_transaction.block_number,
    block_hash = mine_transaction.block_hash, reason = null, updated_at = clock_timestamp()
  where t.transaction_id = v_transaction.transaction_id
  returning t.* into v_transaction;
  perform ves_int.tell_target(lease_token, v_transaction);
  return true;
end
$$;

comment on function ves.mine_transaction(bigint, bigint, bytea, bigint, bytea) is
'Records the block that an attempt is in (chain 8, point 6); a call with another block follows a reorg. Whether anything changed. Errors: VE406, VE007 tx_hash is of no attempt, VE720, VE721.';
