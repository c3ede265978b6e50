-- `is not distinct from` leaves the planner the index of the event id only: before the first ANALYZE it took
-- that of the stream.
create or replace function ves.find_event_number(
  tenant_id uuid, store_id uuid, event_id uuid, legacy boolean default false
)
returns bigint
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select case
    when legacy then (
      select e.sequence_number from ves_store.events as e
      where e.event_id = find_event_number.event_id
        and e.tenant_id is not distinct from find_event_number.tenant_id
        and e.store_id is not distinct from find_event_number.store_id
    )
    else (
      select e.sequence_number from ves_store.ves_events as e
      where e.event_id = find_event_number.event_id
        and e.tenant_id is not distinct from find_event_number.tenant_id
        and e.store_id is not distinct from find_event_number.store_id
    )
  end;
$$;

comment on function ves.find_event_number(uuid, uuid, uuid, boolean) is
'Number of an event in the VES or the legacy stream of a store; null when it is not in this stream (grpc-api 3.3).';
