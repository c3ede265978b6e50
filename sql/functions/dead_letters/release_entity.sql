-- Locks (sql/README.md): the row of the dead letter.
create or replace function ves_int.release_entity(letter ves_store.dead_letter_events)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
declare
  v_next bigint;
begin
  select d.dead_letter_id into v_next from ves_store.dead_letter_events as d
  where d.tenant_id = letter.tenant_id and d.store_id = letter.store_id and d.consumer = letter.consumer
    and d.legacy = letter.legacy and d.entity_id = letter.entity_id and d.entity_type = letter.entity_type
    and d.status = 'parked'
  order by d.sequence_number
  limit 1
  for update;
  if found then
    perform ves_int.schedule_retries(letter.tenant_id, array[v_next]);
  end if;
end
$$;

comment on function ves_int.release_entity(ves_store.dead_letter_events) is
'Makes the next parked event of a dead letter''s entity due, which then holds the entity. Call it after the dead letter holds it no more, in the same transaction.';
