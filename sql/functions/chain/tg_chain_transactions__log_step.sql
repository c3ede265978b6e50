create or replace function ves_int.tg_chain_transactions__log_step()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  insert into ves_store.chain_transaction_log (
    transaction_id, from_status, to_status, attempt, tx_hash, block_number, reason
  )
  values (
    new.transaction_id, case when tg_op = 'UPDATE' then old.status else '' end, new.status, new.attempt, new.tx_hash,
    new.block_number, new.reason);
  return null;
end
$$;

comment on function ves_int.tg_chain_transactions__log_step() is
'Logs the changes of state and the attempts of a transaction of the outbox.';
