-- The last version first: those before it are dead, and may be many (ves_store.cursors).
-- Locks (sql/README.md): 4, the row.
create or replace function ves_int.lock_cursor(
  tenant_id uuid, store_id uuid, consumer text, out place tid, out done_to bigint, out head_sequence bigint
)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
begin
  select c.ctid, c.done_to, c.head_sequence into place, done_to, head_sequence from ves_store.cursors as c
  where c.tenant_id = lock_cursor.tenant_id and c.store_id = lock_cursor.store_id and c.consumer = lock_cursor.consumer
  order by c.head_sequence desc, c.done_to desc
  limit 1
  for update;
end
$$;

comment on function ves_int.lock_cursor(uuid, uuid, text) is
'Locks a consumer''s cursor: its place, for a change by the next statement, and where it is; null: there is none.';
