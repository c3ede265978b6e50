-- Rejected events hold nothing: the projector has gone on, a retry is applied after what came meanwhile.
create or replace function ves_int.reject_events(
  tenant_id uuid, store_id uuid, stream text, events ves_int.projected_event[],
  rejections ves_int.projection_rejection[]
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into ves_store.rejected_events_log (
    tenant_id, store_id, stream, sequence_number, event_id, entity_type, entity_id, reason, message,
    expected_version, actual_version
  )
  select
    reject_events.tenant_id, reject_events.store_id, reject_events.stream, e.sequence_number, e.event_id,
    e.entity_type, e.entity_id, r.code, r.message,
    case r.code when 'VERSION_CONFLICT' then e.base_version end,
    case r.code when 'VERSION_CONFLICT' then r.actual_version end
  from unnest(reject_events.rejections) as r
  join unnest(reject_events.events) as e on r.sequence_number = e.sequence_number
  order by e.sequence_number;
  perform ves_int.dead_letters(
    'projection', reject_events.tenant_id, reject_events.store_id, reject_events.stream = 'legacy',
    array_agg(r.sequence_number), array_agg(ves_int.dead_letter_reason(r.code)), array_agg(r.message))
  from unnest(reject_events.rejections) as r;
end
$$;

comment on function ves_int.reject_events(
  uuid, uuid, text, ves_int.projected_event[], ves_int.projection_rejection[]
) is
'Records rejected events in rejected_events_log and, up to limit open_dead_letters, as dead letters of consumer projection (operations 5.1).';
