-- Rows are fetched by place, because a whole row carries its payload through a sort.
create or replace function ves_int.next_events(
  tenant_id uuid, store_id uuid, after bigint, max_events bigint, entity_type text default null,
  entity_id text default null, event_type text default null
)
returns ves_store.ves_events[]
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_page constant record := ves_int.find_page(
    next_events.tenant_id, next_events.store_id, next_events.after, max_events, next_events.entity_type,
    next_events.entity_id, next_events.event_type);
begin
  return array(select e from ves_store.ves_events as e where e.ctid = any(v_page.places) order by e.sequence_number);
end
$$;

comment on function ves_int.next_events(uuid, uuid, bigint, bigint, text, text, text) is
'The events of a stream after a number, in order, of one entity type, entity and event type if these are given: max_events, or fewer when these hold 16 MiB of payloads, at least one if there is one.';
