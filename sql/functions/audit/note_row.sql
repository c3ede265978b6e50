-- Locks (sql/README.md): the head of the tenant's row changes, last of all: its triggers fire at the commit.
create or replace function ves_int.note_row(
  table_name text, stored_row json, added integer default 1
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_entry ves_store.row_changes;
  v_before bytea;
begin
  v_entry.tenant_id := coalesce(stored_row ->> 'tenant_id', '00000000-0000-0000-0000-000000000000')::uuid;
  v_entry.table_name := note_row.table_name;
  v_entry.row_key := ves_int.row_key(note_row.table_name, stored_row);
  v_entry.row_hash := case when added >= 0 then ves_int.row_hash(stored_row) end;
  v_entry.changed_by := session_user::text;
  v_entry.added := note_row.added;
  perform from ves_store.row_change_heads as h where h.tenant_id = v_entry.tenant_id for update;
  if not found then
    insert into ves_store.row_change_heads (tenant_id) values (v_entry.tenant_id) on conflict do nothing;
    perform from ves_store.row_change_heads as h where h.tenant_id = v_entry.tenant_id for update;
  end if;
  -- Not from the head: that moves after the last entry (ves_int.tg_row_changes__move_head).
  select c.number + 1, c.hash into v_entry.number, v_before
  from ves_store.row_changes as c where c.tenant_id = v_entry.tenant_id order by c.number desc limit 1;
  v_entry.number := coalesce(v_entry.number, 1);
  v_entry.changed_at := clock_timestamp();
  v_entry.hash := ves_int.row_change_hash(v_entry, coalesce(v_before, decode(repeat('00', 32), 'hex')));
  insert into ves_store.row_changes select (v_entry).*;
end
$$;

comment on function ves_int.note_row(text, json, integer) is
'Appends what became of a row of ves_store (to_json of it, printed in UTC) to the tenant''s ves_store.row_changes; locks the head of that chain until the commit. added is what the change adds to the rows of the table: 1, 0, or -1 when the row was deleted; ves_store.row_counts gets the sum.';
