create or replace trigger t40_seal_record
before insert on ves_store.x402_payment_intents
for each row execute function ves_int.tg_payment_intents__seal_record();

comment on trigger t40_seal_record on ves_store.x402_payment_intents is 'Sets the record hash.';

create or replace trigger t90_log_new
after insert on ves_store.x402_payment_intents referencing new table as new_rows
for each statement execute function ves_int.tg_payment_intents__log_steps();

comment on trigger t90_log_new on ves_store.x402_payment_intents is 'Each new intent has its row in x402_status_log.';

create or replace trigger t90_log_steps
after update on ves_store.x402_payment_intents referencing old table as old_rows new table as new_rows
for each statement execute function ves_int.tg_payment_intents__log_steps();

comment on trigger t90_log_steps on ves_store.x402_payment_intents is 'Each step has its row in x402_status_log.';
