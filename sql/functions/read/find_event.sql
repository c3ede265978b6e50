create or replace function ves_int.find_event(tenant_id uuid, event_id uuid)
returns ves_store.ves_events
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_event ves_store.ves_events;
begin
  select e.* into v_event from ves_store.ves_events as e
  where e.event_id = find_event.event_id and e.tenant_id = find_event.tenant_id;
  if not found then
    perform ves_int.raise_error('event_not_found');
  end if;
  return v_event;
end
$$;

comment on function ves_int.find_event(uuid, uuid) is 'One event of a tenant. Errors: VE609.';
