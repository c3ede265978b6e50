-- A fold over the entity's events in memory: it writes nothing and runs on a replica.
create or replace function ves.project_as_of(
  tenant_id uuid, store_id uuid, entity_type text, entity_id text, sequence bigint, stream text default 'ves'
)
returns table (version bigint, sequence_number bigint, entity jsonb)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_head bigint;
  v_after bigint := 0::bigint;
  v_upto bigint;
  v_next record;
  v_event ves_int.projected_event;
  v_outcome record;
  v_state jsonb;
  v_created_at timestamptz;
  v_updated_at timestamptz;
begin
  perform ves_int.require_fields(jsonb_build_object('entityId', project_as_of.entity_id));
  if project_as_of.stream not in ('ves', 'legacy') then
    perform ves_int.raise_error('invalid_field', '{"field": "stream"}');
  end if;
  select s.head_sequence into v_head
  from ves.get_stream_state(
    project_as_of.tenant_id, project_as_of.store_id, project_as_of.stream = 'legacy') as s;
  if coalesce(sequence not between 0 and v_head, true) then
    perform ves_int.raise_error('cursor_beyond_head', jsonb_build_object('head_sequence', v_head));
  end if;
  loop
    select n.* into v_next
    from ves_int.next_projected_events(
      project_as_of.tenant_id, project_as_of.store_id, project_as_of.stream, v_after, 1000,
      array[project_as_of.entity_type], project_as_of.entity_id) as n;
    v_upto := case when v_next.upto = v_after then sequence else least(v_next.upto, sequence) end;
    foreach v_event in array ves_int.place_retries(
      project_as_of.tenant_id, project_as_of.store_id, project_as_of.stream, v_after, v_upto,
      array(select e from unnest(v_next.events) as e where e.sequence_number <= v_upto),
      array[project_as_of.entity_type], project_as_of.entity_id)
    loop
      select o.* into v_outcome from ves_int.apply_event(v_state, version, v_event) as o;
      if v_outcome.code is null then
        v_state := v_outcome.state;
        version := v_outcome.version;
        sequence_number := v_event.position;
        v_created_at := coalesce(v_created_at, v_event.created_at);
        v_updated_at := v_event.created_at;
      end if;
    end loop;
    exit when v_upto = sequence;
    v_after := v_upto;
  end loop;
  if version is null then
    perform ves_int.raise_error('projection_not_found');
  end if;
  entity := ves_int.projected_entity(
    project_as_of.entity_type, project_as_of.entity_id, version, v_created_at, v_updated_at, v_state);
  return next;
end
$$;

comment on function ves.project_as_of(uuid, uuid, text, text, bigint, text) is
'The state of an entity as the events 1 .. sequence of a stream made it, computed from the log (operations 5.2). The longer the stream the longer it takes: there is no index on entities of VES streams. Errors: VE007, VE008, VE405 beyond the head, VE521, VE204 in core mode, VE510, VE512.';
