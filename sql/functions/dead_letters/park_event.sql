-- The lock serializes this with settlements: the later transaction sees the result of the earlier one.
-- Locks (sql/README.md): the row of the dead letter that holds the entity.
create or replace function ves_int.park_event(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint, entity_type text,
  entity_id text
)
returns boolean
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
begin
  while exists (
    select from ves_store.dead_letter_events as d
    where d.tenant_id = park_event.tenant_id and d.store_id = park_event.store_id and d.consumer = park_event.consumer
      and d.legacy = park_event.legacy and d.entity_id = park_event.entity_id and d.entity_type = park_event.entity_type
      and d.holds_entity and d.status in ('pending', 'retrying', 'failed')
  ) loop
    perform from ves_store.dead_letter_events as d
    where d.tenant_id = park_event.tenant_id and d.store_id = park_event.store_id and d.consumer = park_event.consumer
      and d.legacy = park_event.legacy and d.entity_id = park_event.entity_id and d.entity_type = park_event.entity_type
      and d.holds_entity and d.status in ('pending', 'retrying', 'failed')
    for update;
    if found then
      perform ves_int.add_dead_letters(
        park_event.consumer, park_event.tenant_id, park_event.store_id, park_event.legacy, 'parked', true,
        array[park_event.sequence_number]);
      return true;
    end if;
  end loop;
  return false;
end
$$;

comment on function ves_int.park_event(text, uuid, uuid, boolean, bigint, text, text) is
'Whether an earlier event of the entity holds it for this consumer (ves_int.dead_letter). If so, the event is parked: the consumer passes it, and it is handled after the earlier one, in order. Errors: VE912, 23505 the event has a row already.';
