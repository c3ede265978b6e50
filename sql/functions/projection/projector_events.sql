create or replace function ves_int.projector_events(
  tenant_id uuid, store_id uuid, after bigint, max_events bigint, out numbers bigint[], out events json[]
)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_events constant ves_store.ves_events[] := ves_int.next_events(
    projector_events.tenant_id, projector_events.store_id, projector_events.after,
    projector_events.max_events);
begin
  select array_agg(e.sequence_number order by e.ordinality), array_agg(json_build_object(
    'sequence_number', e.sequence_number, 'event_id', e.event_id, 'entity_type', e.entity_type,
    'entity_id', e.entity_id, 'event_type', e.event_type, 'created_at', e.created_at_str,
    'payload_state', ves_int.payload_state(e.shredded_at, e.payload_kind, e.payload_key_id),
    'payload', p.payload
  ) order by e.ordinality)
  into numbers, events
  from unnest(v_events) with ordinality as e
  join unnest(ves_int.open_ves_payloads(v_events)) with ordinality as p (payload, ordinality)
    on e.ordinality = p.ordinality;
end
$$;

comment on function ves_int.projector_events(uuid, uuid, bigint, bigint) is
'The next events of a stream as a registered projector takes them (docs/projections.md), and their numbers; null: there are none. Errors: VE204 in core mode, VE510, VE512.';
