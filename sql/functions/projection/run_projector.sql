-- A batch that fails is tried event by event, in subtransactions: an event that fails again becomes a dead
-- letter.
-- Locks (sql/README.md): 4, the row of the cursor.
create or replace function ves.run_projector(
  tenant_id uuid, store_id uuid, name text, max_events integer default 500
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
  v_events ves_store.ves_events[];
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
  select c.done_to into v_done_to
  from ves_int.lock_cursor(run_projector.tenant_id, run_projector.store_id, v_consumer) as c;
  if v_function is null or v_done_to is null then
    perform ves_int.raise_error('projection_not_found');
  end if;
  v_events := ves_int.next_events(
    run_projector.tenant_id, run_projector.store_id, v_done_to, least(greatest(coalesce(max_events, 0), 1), 1000));
  select array_agg(e.sequence_number order by e.ordinality), array_agg(json_build_object(
    'sequence_number', e.sequence_number, 'event_id', e.event_id, 'entity_type', e.entity_type,
    'entity_id', e.entity_id, 'event_type', e.event_type, 'created_at', e.created_at_str,
    'payload_state', ves_int.payload_state(e.shredded_at, e.payload_kind, e.payload_key_id), 'payload', p.payload
  ) order by e.ordinality)
  into v_numbers, v_batch
  from unnest(v_events) with ordinality as e
  join unnest(ves_int.open_ves_payloads(v_events)) with ordinality as p (payload, ordinality)
    on e.ordinality = p.ordinality;
  events := coalesce(cardinality(v_numbers), 0);
  if events = 0 then
    return next;
    return;
  end if;
  begin
    perform ves_int.call_projector(v_function, array_to_json(v_batch));
  exception when others then
    for v_index in 1 .. events loop
      begin
        perform ves_int.call_projector(v_function, json_build_array(v_batch[v_index]));
      exception when others then
        rejected := rejected + 1;
        v_rejected[rejected] := v_numbers[v_index];
        v_reasons[rejected] := case sqlstate when '23514' then 'invariant_violation' else 'handler_error' end;
        v_messages[rejected] := sqlstate || ' ' || sqlerrm;
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

comment on function ves.run_projector(uuid, uuid, text, integer) is
'Gives the next events of a store to a registered projector and moves its checkpoint, in one transaction: how many, and how many it refused by raising an error (dead letters of consumer projector/<name>: a check constraint''s violation is invariant_violation, anything else handler_error). Errors: VE521 no such projector, VE204 in core mode, VE510, VE512.';
