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
  insert into ves_store.row_change_heads (tenant_id) values (v_entry.tenant_id) on conflict do nothing;
  select h.number + 1, h.hash into strict v_entry.number, v_before
  from ves_store.row_change_heads as h where h.tenant_id = v_entry.tenant_id for update;
  v_entry.changed_at := clock_timestamp();
  v_entry.hash := ves_int.row_change_hash(v_entry, v_before);
  insert into ves_store.row_changes select (v_entry).*;
  update ves_store.row_change_heads as h set number = v_entry.number, hash = v_entry.hash
  where h.tenant_id = v_entry.tenant_id;
  if added <> 0 then
    insert into ves_store.row_counts as c (tenant_id, table_name, row_count)
    values (v_entry.tenant_id, v_entry.table_name, added)
    on conflict (tenant_id, table_name) do update set row_count = c.row_count + added;
  end if;
end
$$;

comment on function ves_int.note_row(text, json, integer) is
'Appends what became of a row of ves_store (to_json of it, printed in UTC) to the tenant''s ves_store.row_changes; locks the head of that chain until the commit. added is what the change adds to the rows of the table: 1, 0, or -1 when the row was deleted; ves_store.row_counts keeps the sum.';
