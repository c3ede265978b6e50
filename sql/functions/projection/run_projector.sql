-- A batch that fails is tried event by event, in subtransactions: an event that fails again becomes a dead
-- letter.
-- Locks (sql/README.md): 4, the row of the cursor, or that of the dead letter.
create or replace function ves.run_projector(
  tenant_id uuid, store_id uuid, name text, max_events integer default 500,
  dead_letter_id bigint default null, token bigint default null
)
returns table (events integer, rejected integer)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_consumer constant text := 'projector/' || run_projector.name;
  v_function text;
  v_done_to bigint;
  v_batch json[];
  v_numbers bigint[];
  v_rejected bigint[];
  v_reasons text[];
  v_messages text[];
begin
  events := 0;
  rejected := 0;
  select p.function into v_function from ves_store.tenant_projectors as p
  where p.tenant_id = run_projector.tenant_id and p.store_id = run_projector.store_id
    and p.name = run_projector.name;
  if v_function is not null and run_projector.dead_letter_id is not null then
    select 1, (d.status <> 'resolved')::integer into events, rejected
    from ves_int.retry_projector(
      v_function, run_projector.tenant_id, run_projector.dead_letter_id, run_projector.token) as d;
    return next;
    return;
  end if;
  select c.done_to into v_done_to
  from ves_int.lock_cursor(run_projector.tenant_id, run_projector.store_id, v_consumer) as c;
  if v_function is null or v_done_to is null then
    perform ves_int.raise_error('projection_not_found');
  end if;
  select e.numbers, e.events into v_numbers, v_batch
  from ves_int.projector_events(
    run_projector.tenant_id, run_projector.store_id, v_done_to,
    least(greatest(coalesce(max_events, 0), 1), 1000)) as e;
  events := coalesce(cardinality(v_numbers), 0);
  if events = 0 then
    return next;
    return;
  end if;
  begin
    perform ves_int.give_events(v_function, array_to_json(v_batch));
  exception when others then
    for v_index in 1 .. events loop
      begin
        perform ves_int.give_events(v_function, json_build_array(v_batch[v_index]));
      exception when others then
        rejected := rejected + 1;
        v_rejected[rejected] := v_numbers[v_index];
        v_reasons[rejected] := ves_int.projector_failure(sqlstate);
        v_messages[rejected] := left(sqlstate || ' ' || sqlerrm, 1024);
      end;
    end loop;
    perform ves_int.dead_letters(
      v_consumer, run_projector.tenant_id, run_projector.store_id, false, v_rejected, v_reasons, v_messages);
  end;
  perform ves.advance_cursor(
    run_projector.tenant_id, run_projector.store_id, v_consumer, v_done_to, v_numbers[events]);
  return next;
end
$$;

comment on function ves.run_projector(uuid, uuid, text, integer, bigint, bigint) is
'Gives the next events of a store to a registered projector and moves its checkpoint, in one transaction: how many, and how many it refused by raising an error (dead letters of consumer projector/<name>: a check constraint''s violation is invariant_violation, anything else handler_error). With the dead letter of a claim it gives the projector that event anew and settles it (operations 7). Errors: VE406 the dead letter was claimed anew, VE521 no such projector, VE204 in core mode, VE510, VE512.';
