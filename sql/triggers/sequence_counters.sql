create or replace trigger t80_require_room
after insert on ves_store.sequence_counters
for each row execute function ves_int.tg_rows__require_room('legacy_streams');

comment on trigger t80_require_room on ves_store.sequence_counters is
'A new row must be within the limit legacy_streams of ves_store.limits.';
