create or replace trigger t80_require_room
after insert on ves_store.encryption_key_group_members
for each row execute function ves_int.tg_rows__require_room('group_members');

comment on trigger t80_require_room on ves_store.encryption_key_group_members is
'A new row must be within the limit group_members of ves_store.limits.';
