create or replace trigger t90_log_step
after insert or update of status, attempt, tx_hash on ves_store.chain_transactions
for each row execute function ves_int.tg_chain_transactions__log_step();

comment on trigger t90_log_step on ves_store.chain_transactions is 'Each step has its row in chain_transaction_log.';
