create or replace trigger t30_refuse_step
before insert or update of status on ves_store.timestamps
for each row execute function ves_int.tg_state__refuse_step('status');

comment on trigger t30_refuse_step on ves_store.timestamps is 'Only the steps of ves_store.transitions.';
