create or replace function ves_int.dead_letters(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, numbers bigint[], reasons text[],
  messages text[]
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
declare
  v_room constant bigint := (
    select l.max_rows - ves_int.count_open_letters(
      dead_letters.tenant_id, dead_letters.store_id, dead_letters.legacy, dead_letters.consumer, 0)
    from ves_store.limits as l where l.name = 'open_dead_letters'
  );
  v_ids bigint[];
begin
  select ves_int.add_dead_letters(
    dead_letters.consumer, dead_letters.tenant_id, dead_letters.store_id, dead_letters.legacy, 'failed', false,
    array_agg(f.number), array_agg(f.reason), array_agg(f.message))
  into v_ids
  from (
    select r.* from unnest(numbers, reasons, messages) as r (number, reason, message)
    where (
      select d.dead_letter_id from ves_store.dead_letter_events as d
      where d.tenant_id = dead_letters.tenant_id and d.consumer = dead_letters.consumer
        and d.store_id = dead_letters.store_id and d.legacy = dead_letters.legacy and d.sequence_number = r.number
    ) is null
    order by r.number
    limit greatest(v_room, 0)
  ) as f
  having count(*) > 0;
  perform ves_int.schedule_retries(dead_letters.tenant_id, array(
    select i.id from unnest(v_ids) as i (id)
    where not (
      select ves_int.is_never_retried(d.reason) from ves_store.dead_letter_events as d
      where d.tenant_id = dead_letters.tenant_id and d.dead_letter_id = i.id
    )
  ), 0);
end
$$;

comment on function ves_int.dead_letters(text, uuid, uuid, boolean, bigint[], text[], text[]) is
'ves_int.dead_letter for many events of a consumer that goes on without them (holds_entity false): those that have no row already, the first ones up to limit open_dead_letters; the others become none.';
