-- Locks (sql/README.md): 0.
create or replace function ves_int.claim_transaction(lease_token bigint, transaction_id bigint)
returns ves_store.chain_transactions
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_lease text;
  v_transaction ves_store.chain_transactions;
begin
  select a.lease into v_lease
  from ves_store.chain_transactions as t
  join ves_store.chain_accounts as a on a.chain_id = t.chain_id and a.sender = t.sender
  where t.transaction_id = claim_transaction.transaction_id;
  if not found then
    perform ves_int.raise_error('transaction_not_found');
  end if;
  perform ves_int.require_lease(v_lease, lease_token);
  select t.* into strict v_transaction from ves_store.chain_transactions as t
  where t.transaction_id = claim_transaction.transaction_id
  for update;
  return v_transaction;
end
$$;

comment on function ves_int.claim_transaction(bigint, bigint) is
'Locks a transaction of the outbox for the holder of its account''s lease. Errors: VE406, VE720.';
