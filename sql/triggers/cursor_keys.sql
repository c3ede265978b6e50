create or replace trigger t80_delete_cursor
after delete on ves_store.cursor_keys
for each row execute function ves_int.tg_cursor_keys__delete_cursor();

comment on trigger t80_delete_cursor on ves_store.cursor_keys is 'No cursor outlives its key.';
