create or replace trigger t70_await_anchors
after insert on ves_store.ves_commitments
for each row execute function ves_int.tg_commitments__await_anchors();

comment on trigger t70_await_anchors on ves_store.ves_commitments is 'A new commitment waits to be anchored.';

create or replace trigger t70_await_anchors
after insert on ves_store.commitments
for each row execute function ves_int.tg_commitments__await_anchors();

comment on trigger t70_await_anchors on ves_store.commitments is 'A new commitment waits to be anchored.';
