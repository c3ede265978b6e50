create or replace function ves_int.add_dead_letters(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, status text, holds_entity boolean,
  numbers bigint[], reasons text[] default null, messages text[] default null
)
returns bigint[]
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
declare
  v_ids bigint[];
begin
  with added as (
    insert into ves_store.dead_letter_events (
      tenant_id, store_id, legacy, consumer, sequence_number, event_id, event_type, entity_type, entity_id, reason,
      error_message, status, holds_entity, created_at
    )
    select
      add_dead_letters.tenant_id, add_dead_letters.store_id, add_dead_letters.legacy, add_dead_letters.consumer,
      f.number, e.event_id, e.event_type, e.entity_type, e.entity_id, f.reason, left(f.message, 1024),
      add_dead_letters.status, add_dead_letters.holds_entity, clock_timestamp()
    from unnest(numbers, reasons, messages) as f (number, reason, message)
    cross join lateral (
      select v.event_id, v.event_type, v.entity_type, v.entity_id
      from ves_store.ves_events as v
      where not add_dead_letters.legacy and v.tenant_id = add_dead_letters.tenant_id
        and v.store_id = add_dead_letters.store_id and v.sequence_number = f.number
      union all
      select l.event_id, l.event_type, l.entity_type, l.entity_id
      from ves_store.events as l
      where add_dead_letters.legacy and l.tenant_id = add_dead_letters.tenant_id
        and l.store_id = add_dead_letters.store_id and l.sequence_number = f.number
      limit 1
    ) as e
    returning dead_letter_id
  )
  select array_agg(a.dead_letter_id) into v_ids from added as a;
  if cardinality(v_ids) is distinct from cardinality(numbers) then
    perform ves_int.raise_error('event_not_found');
  end if;
  return v_ids;
end
$$;

comment on function ves_int.add_dead_letters(text, uuid, uuid, boolean, text, boolean, bigint[], text[], text[]) is
'Stores a row for each event that a consumer did not handle; their ids. Errors: VE609 no such event, VE912.';
