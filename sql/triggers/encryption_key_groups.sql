create or replace trigger t80_require_room
after insert on ves_store.encryption_key_groups
for each row execute function ves_int.tg_rows__require_room('encryption_groups');

comment on trigger t80_require_room on ves_store.encryption_key_groups is
'A new row must be within the limit encryption_groups of ves_store.limits.';
