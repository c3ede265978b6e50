create or replace trigger t30_refuse_step
before insert or update of status on ves_store.event_schemas
for each row execute function ves_int.tg_state__refuse_step('status');

comment on trigger t30_refuse_step on ves_store.event_schemas is 'Only the steps of ves_store.transitions.';

create or replace trigger t80_require_room
after insert on ves_store.event_schemas
for each row execute function ves_int.tg_rows__require_room('schemas');

comment on trigger t80_require_room on ves_store.event_schemas is
'A new row must be within the limit schemas of ves_store.limits.';
