create or replace trigger t30_refuse_step
before insert or update of status on ves_store.chain_transactions
for each row execute function ves_int.tg_state__refuse_step('status');

comment on trigger t30_refuse_step on ves_store.chain_transactions is 'Only the steps of ves_store.transitions.';

create or replace trigger t90_log_step
after insert or update of status, attempt, tx_hash on ves_store.chain_transactions
for each row execute function ves_int.tg_chain_transactions__log_step();

comment on trigger t90_log_step on ves_store.chain_transactions is 'Each step has its row in chain_transaction_log.';
