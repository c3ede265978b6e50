-- One function for every state machine. The state column is named status in all of them: to read it by the
-- trigger's argument would take jsonb of the row, which cannot be made of a json value with an escaped NUL.
-- Reads ves_store.transitions, locks nothing.
create or replace function ves_int.tg_state__refuse_step()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  v_machine constant text := tg_table_name || '.' || tg_argv[0];
  v_from text := '';
  v_to constant text := new.status;
begin
  if tg_op = 'UPDATE' then
    v_from := old.status;
  end if;
  if v_to is distinct from v_from and not exists (
    select from ves_store.transitions as t
    where t.machine = v_machine and t.from_state = v_from and t.to_state = v_to
  ) then
    perform ves_int.raise_error(
      'transition_refused', jsonb_build_object('machine', v_machine, 'from_state', v_from, 'to_state', v_to));
  end if;
  return new;
end
$$;

comment on function ves_int.tg_state__refuse_step() is
'Refuses with VE911 a change of the column status that ves_store.transitions does not list; the trigger''s argument names the column for the catalog. A new row steps from the empty state.';
