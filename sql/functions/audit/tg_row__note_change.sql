-- Fires at the commit, so the lock of the chain is the last one that a transaction takes. As the owner: a
-- deferred trigger runs as who commits. The settings are those that decide how to_json prints a value.
create or replace function ves_int.tg_row__note_change()
returns trigger
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set bytea_output to 'hex'
set intervalstyle to 'postgres'
as $$
begin
  if tg_op = 'DELETE' then
    perform ves_int.note_row(tg_table_name::text, ves_int.row_content(to_json(old)), -1);
  elsif tg_op = 'INSERT' or tg_nargs > 0
    or ves_int.row_hash(ves_int.row_content(to_json(new))) <> ves_int.row_hash(ves_int.row_content(to_json(old)))
  then
    perform ves_int.note_row(tg_table_name::text, ves_int.row_content(to_json(new)),
      case when tg_op = 'INSERT' or tg_nargs > 0 then 1 else 0 end);
  end if;
  return null;
end
$$;

comment on function ves_int.tg_row__note_change() is
'Notes in ves_store.row_changes what an insert, update or delete left of the row; an update that changes nothing that is covered is noted only by a trigger with an argument, and then counts as an insert.';
