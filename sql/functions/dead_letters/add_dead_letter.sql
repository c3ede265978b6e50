create or replace function ves_int.add_dead_letter(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint, status text,
  holds_entity boolean, reason text default null, message text default null
)
returns bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
declare
  v_limit constant bigint := (select l.max_rows from ves_store.limits as l where l.name = 'open_dead_letters');
  v_id bigint;
begin
  if (
    select count(*) > v_limit
    from (
      select from ves_store.dead_letter_events as d
      where d.tenant_id = add_dead_letter.tenant_id and d.store_id = add_dead_letter.store_id
        and d.consumer = add_dead_letter.consumer and d.legacy = add_dead_letter.legacy
        and d.status in ('parked', 'pending', 'retrying', 'failed')
      limit v_limit + 1
    ) as o
  ) then
    perform ves_int.raise_error(
      'quota_exceeded', jsonb_build_object('quota', 'open_dead_letters', 'limit', v_limit));
  end if;
  insert into ves_store.dead_letter_events (
    tenant_id, store_id, legacy, consumer, sequence_number, event_id, event_type, entity_type, entity_id, reason,
    error_message, status, holds_entity, created_at
  )
  select
    add_dead_letter.tenant_id, add_dead_letter.store_id, add_dead_letter.legacy, add_dead_letter.consumer,
    add_dead_letter.sequence_number, e.event_id, e.event_type, e.entity_type, e.entity_id, add_dead_letter.reason,
    left(add_dead_letter.message, 1024), add_dead_letter.status, add_dead_letter.holds_entity, clock_timestamp()
  from (
    select v.event_id, v.event_type, v.entity_type, v.entity_id
    from ves_store.ves_events as v
    where not add_dead_letter.legacy and v.tenant_id = add_dead_letter.tenant_id
      and v.store_id = add_dead_letter.store_id and v.sequence_number = add_dead_letter.sequence_number
    union all
    select l.event_id, l.event_type, l.entity_type, l.entity_id
    from ves_store.events as l
    where add_dead_letter.legacy and l.tenant_id = add_dead_letter.tenant_id
      and l.store_id = add_dead_letter.store_id and l.sequence_number = add_dead_letter.sequence_number
  ) as e
  returning dead_letter_id into v_id;
  if v_id is null then
    perform ves_int.raise_error('event_not_found');
  end if;
  return v_id;
end
$$;

comment on function ves_int.add_dead_letter(text, uuid, uuid, boolean, bigint, text, boolean, text, text) is
'Stores a row for an event that a consumer did not handle; which. Errors: VE609 no such event, VE912.';
