create or replace trigger t90_log_step
after insert or update of status on ves_store.x402_payment_batches
for each row execute function ves_int.tg_payment_batches__log_step();

comment on trigger t90_log_step on ves_store.x402_payment_batches is 'Each step has its row in x402_status_log.';
