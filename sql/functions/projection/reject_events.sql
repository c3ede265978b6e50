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
declare
  v_rejection ves_int.projection_rejection;
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
  foreach v_rejection in array rejections loop
    begin
      perform ves_int.dead_letter(
        'projection', reject_events.tenant_id, reject_events.store_id, reject_events.stream = 'legacy',
        v_rejection.sequence_number, ves_int.dead_letter_reason(v_rejection.code), v_rejection.message,
        false);
    exception
      -- the stream has as many open dead letters as it may: it goes on, and the log has the event
      when sqlstate 'VE912' then
        exit;
    end;
  end loop;
end
$$;

comment on function ves_int.reject_events(
  uuid, uuid, text, ves_int.projected_event[], ves_int.projection_rejection[]
) is
'Records rejected events in rejected_events_log and as dead letters of consumer projection (operations 5.1).';
