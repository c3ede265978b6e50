create or replace trigger t30_refuse_step
before insert or update of status on ves_store.commitment_anchors
for each row execute function ves_int.tg_state__refuse_step('status');

comment on trigger t30_refuse_step on ves_store.commitment_anchors is 'Only the steps of ves_store.transitions.';

create or replace trigger t70_await_anchors
after insert on ves_store.ves_commitments
for each row execute function ves_int.tg_commitments__await_anchors();

comment on trigger t70_await_anchors on ves_store.ves_commitments is 'A new commitment waits to be anchored.';

create or replace trigger t70_await_anchors
after insert on ves_store.commitments
for each row execute function ves_int.tg_commitments__await_anchors();

comment on trigger t70_await_anchors on ves_store.commitments is 'A new commitment waits to be anchored.';
