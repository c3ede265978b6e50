-- Without these checks what a projector leaves for the commit would run with the rights of the session:
-- cursors that outlive the transaction, deferred triggers, the expressions of deferred exclusions. And one
-- that runs as its caller could drop what that role owns, ves_int.call_projector.
create or replace function ves_int.give_events(function text, events json)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
declare
  v_caller constant xid := (
    select p.xmin from pg_catalog.pg_proc as p where p.oid = to_regprocedure('ves_int.call_projector(text, json)')
  );
begin
  perform ves_int.call_projector(give_events.function, give_events.events);
  if exists (select from pg_catalog.pg_cursors as c where c.is_holdable)
    or exists (
      select from pg_catalog.pg_locks as l
      join pg_catalog.pg_constraint as k on k.conrelid = l.relation
      where l.pid = pg_backend_pid() and l.mode = 'RowExclusiveLock'
        and k.condeferrable and k.contype in ('t', 'x') and k.connamespace <> 'ves_store'::regnamespace
    )
    or not exists (
      select from pg_catalog.pg_proc as p
      where p.oid = to_regprocedure('ves_int.call_projector(text, json)') and p.xmin = v_caller
    )
  then
    perform ves_int.raise_error(
      'insufficient_permissions',
      message => 'a projector may leave no cursor, drop nothing of ours, and write to no table with deferrable triggers');
  end if;
end
$$;

comment on function ves_int.give_events(text, json) is
'Calls an agent''s projector and refuses what it left for the commit, or dropped. Errors: VE105 it did so, those of ves_int.call_projector.';
