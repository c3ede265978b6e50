create or replace function ves_int.switch_inline_projection()
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
begin
  if exists (select from ves_store.projection_mode as m where m.mode = 'inline') then
    alter table ves_store.ves_sequence_counters enable trigger t70_project;
    alter table ves_store.sequence_counters enable trigger t70_project;
  else
    alter table ves_store.ves_sequence_counters disable trigger t70_project;
    alter table ves_store.sequence_counters disable trigger t70_project;
  end if;
end
$$;

comment on function ves_int.switch_inline_projection() is
'Enables the triggers t70_project exactly in mode inline. Waits for appends that run.';
