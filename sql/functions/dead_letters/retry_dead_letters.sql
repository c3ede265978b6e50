-- Locks (sql/README.md): rows of dead letters in the order of their ids, skipping locked ones, then 7.
create or replace function ves.retry_dead_letters(
  tenant_id uuid, store_id uuid default null, consumer text default null, reason text default null,
  max_letters integer default 1000, context jsonb default null
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_ids bigint[];
begin
  v_ids := array(
    select d.dead_letter_id from ves_store.dead_letter_events as d
    where d.tenant_id = retry_dead_letters.tenant_id and d.status = 'failed'
      and (retry_dead_letters.store_id is null or d.store_id = retry_dead_letters.store_id)
      and (retry_dead_letters.consumer is null or d.consumer = retry_dead_letters.consumer)
      and (retry_dead_letters.reason is null or d.reason = retry_dead_letters.reason)
    order by d.dead_letter_id
    limit least(greatest(max_letters, 0), 10000)
    for update skip locked
  );
  if v_ids <> '{}' then
    perform ves_int.schedule_retries(retry_dead_letters.tenant_id, v_ids);
    perform ves_int.audit(
      'dead_letter_retried', retry_dead_letters.tenant_id, 'dead_letter', null,
      jsonb_strip_nulls(jsonb_build_object('consumer', consumer, 'reason', reason, 'letters', cardinality(v_ids))), context);
  end if;
  return cardinality(v_ids);
end
$$;

comment on function ves.retry_dead_letters(uuid, uuid, text, text, integer, jsonb) is
'ves.retry_dead_letter for up to 10,000 failed dead letters of a tenant, the oldest first, of one store, consumer and reason if these are given; how many. Audited.';
