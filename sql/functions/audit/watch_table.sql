-- PostgreSQL has no `create or replace` for constraint triggers, and only these can wait for the commit.
create or replace function ves_int.watch_table(table_name text)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set bytea_output to 'hex'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
begin
  execute format('drop trigger if exists t90_note_change on ves_store.%I', table_name);
  -- of a stream only the first number is noted: that it exists
  if table_name = 'ves_sequence_counters' then
    create constraint trigger t90_note_change after update of current_sequence on ves_store.ves_sequence_counters
    deferrable initially deferred
    for each row when (old.current_sequence = 0) execute function ves_int.tg_row__note_change('always');
  elsif table_name = 'sequence_counters' then
    create constraint trigger t90_note_change after insert or delete on ves_store.sequence_counters
    deferrable initially deferred for each row execute function ves_int.tg_row__note_change();
  else
    execute format(
      'create constraint trigger t90_note_change after insert or update or delete on ves_store.%I'
      ' deferrable initially deferred for each row execute function ves_int.tg_row__note_change()',
      table_name);
  end if;
  execute format(
    'comment on trigger t90_note_change on ves_store.%I is ''What a change leaves of a row goes to row_changes.''',
    table_name);
  -- That the trigger is missing says nothing: an installation may make all of them again, and rows that were changed
  -- while there was none must differ from what was noted of them.
  if not exists (select from ves_store.row_counts as c where c.table_name = watch_table.table_name) then
    execute format('select ves_int.note_row(%1$L, ves_int.row_content(to_json(s))) from ves_store.%1$I as s', table_name);
  end if;
end
$$;

comment on function ves_int.watch_table(text) is
'Makes the trigger that notes the changes of a table of ves_store in ves_store.row_changes (of counters only the first number) and counts the rows of each tenant in ves_store.row_counts. The rows that a table has when it is first watched are noted as they are.';
