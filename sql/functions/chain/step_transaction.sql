-- Locks (sql/README.md): 0, then what ves_int.tell_target locks.
create or replace function ves.step_transaction(
  lease_token bigint, transaction_id bigint, from_status text, to_status text, reason text default null
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
  if coalesce(to_status not in ('planned', 'broadcast', 'unknown', 'replaced'), true) then
    perform ves_int.raise_error('invalid_field', '{"field": "to_status"}');
  end if;
  v_transaction := ves_int.claim_transaction(lease_token, step_transaction.transaction_id);
  if v_transaction.status = to_status and v_transaction.reason is not distinct from step_transaction.reason then
    -- it was tried: others come before it in ves.list_open_transactions
    update ves_store.chain_transactions as t
    set updated_at = clock_timestamp()
    where t.transaction_id = v_transaction.transaction_id;
    return false;
  end if;
  if v_transaction.status is distinct from from_status or from_status <> to_status and not exists (
    select from ves_store.transitions as t
    where t.machine = 'chain_transactions.status' and t.from_state = step_transaction.from_status
      and t.to_state = step_transaction.to_status
  ) then
    perform ves_int.raise_error('transaction_moved', jsonb_build_object('status', v_transaction.status));
  end if;
  update ves_store.chain_transactions as t
  set
    status = to_status, reason = step_transaction.reason, block_number = null, block_hash = null, gas_used = null,
    updated_at = clock_timestamp()
  where t.transaction_id = v_transaction.transaction_id
  returning t.* into v_transaction;
  perform ves_int.tell_target(lease_token, v_transaction);
  return true;
end
$$;

comment on function ves.step_transaction(bigint, bigint, text, text, text) is
'Moves a transaction of the outbox from the state in which the caller saw it (chain 8). broadcast: a node took its bytes, or its block is gone after a reorg, for which a final one needs two independent reads. unknown: its nonce is used, no attempt is found. replaced: two independent reads at final depth say so, or it was never signed and its payments are planned again in smaller calls. The same state with another reason says why it waits. Whether anything changed. Errors: VE406, VE007, VE720, VE721.';
