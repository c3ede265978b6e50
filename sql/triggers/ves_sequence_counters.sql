create or replace trigger t80_require_room
after insert on ves_store.ves_sequence_counters
for each row execute function ves_int.tg_rows__require_room('streams');

comment on trigger t80_require_room on ves_store.ves_sequence_counters is
'A new row must be within the limit streams of ves_store.limits.';
