-- Not a foreign key: it would look the key up, and lock it, at each move of a cursor that moved in the same
-- transaction before.
-- Locks (sql/README.md): 4, the row of the cursor.
create or replace function ves_int.tg_cursor_keys__delete_cursor()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  delete from ves_store.cursors as c
  where c.tenant_id = old.tenant_id and c.store_id = old.store_id and c.consumer = old.consumer;
  return null;
end
$$;

comment on function ves_int.tg_cursor_keys__delete_cursor() is
'Deletes the cursor of a consumer that follows the stream no longer.';
