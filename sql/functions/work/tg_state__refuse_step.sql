-- One function for every state machine; its argument is the state column. Reads ves_store.transitions, locks
-- nothing.
create or replace function ves_int.tg_state__refuse_step()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
declare
  v_machine constant text := tg_table_name || '.' || tg_argv[0];
  v_from text := '';
  v_to constant text := to_jsonb(new) ->> tg_argv[0];
begin
  if tg_op = 'UPDATE' then
    v_from := to_jsonb(old) ->> tg_argv[0];
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
'Refuses with VE911 a change of a state column, named by the trigger''s argument, that ves_store.transitions does not list. A new row steps from the empty state.';
