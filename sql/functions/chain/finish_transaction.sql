-- Locks (sql/README.md): 0, then what ves_int.tell_target locks.
create or replace function ves.finish_transaction(
  lease_token bigint, transaction_id bigint, block_hash bytea, gas_used bigint, has_succeeded boolean,
  reason text default null, settled uuid[] default '{}', failed uuid[] default '{}',
  reasons text[] default '{}'
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_to constant text := case when has_succeeded then 'final' else 'failed' end;
  v_transaction ves_store.chain_transactions;
begin
  v_transaction := ves_int.claim_transaction(lease_token, finish_transaction.transaction_id);
  if v_transaction.status = v_to and v_transaction.block_hash = finish_transaction.block_hash then
    return false;
  end if;
  if v_transaction.status <> 'mined' or v_transaction.block_hash is distinct from finish_transaction.block_hash then
    perform ves_int.raise_error('transaction_moved', jsonb_build_object('status', v_transaction.status));
  end if;
  update ves_store.chain_transactions as t
  set
    status = v_to, gas_used = finish_transaction.gas_used, reason = finish_transaction.reason,
    updated_at = clock_timestamp()
  where t.transaction_id = v_transaction.transaction_id
  returning t.* into v_transaction;
  perform ves_int.tell_target(
    lease_token, v_transaction, finish_transaction.settled, finish_transaction.failed, finish_transaction.reasons);
  return true;
end
$$;

comment on function ves.finish_transaction(bigint, bigint, bytea, bigint, boolean, text, uuid[], uuid[], text[]) is
'Records that the block of a mined transaction is final (chain 8, points 6 to 8): final if it succeeded, failed if it reverted. settled, failed and reasons are those of ves.settle_payments. What it is for changes in the same transaction. Whether anything changed. Errors: VE406, VE502, VE719, VE720, VE721 it is in another block.';
