create or replace function ves.list_dead_letters(
  tenant_id uuid, dead_letter_id bigint default null, store_id uuid default null, consumer text default null,
  status text default null, reason text default null, after_id bigint default 0, max_rows integer default 100
)
returns table (
  dead_letter_id bigint, store_id uuid, legacy boolean, consumer text, sequence_number bigint, event_id uuid,
  event_type text, entity_type text, entity_id text, reason text, error_message text, status text,
  holds_entity boolean, retry_count integer, max_retries integer, created_at timestamptz,
  last_retry_at timestamptz, next_retry_at timestamptz, settled_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    d.dead_letter_id, d.store_id, d.legacy, d.consumer, d.sequence_number, d.event_id, d.event_type, d.entity_type,
    d.entity_id, d.reason, d.error_message, d.status, d.holds_entity, d.retry_count, d.max_retries, d.created_at,
    d.last_retry_at, d.next_retry_at, d.settled_at
  from ves_store.dead_letter_events as d
  where d.tenant_id = list_dead_letters.tenant_id
    and d.dead_letter_id > list_dead_letters.after_id
    and d.dead_letter_id between coalesce(list_dead_letters.dead_letter_id, 0)
      and coalesce(list_dead_letters.dead_letter_id, 9223372036854775807)
    and (list_dead_letters.store_id is null or d.store_id = list_dead_letters.store_id)
    and (list_dead_letters.consumer is null or d.consumer = list_dead_letters.consumer)
    and (list_dead_letters.status is null or d.status = list_dead_letters.status)
    and (list_dead_letters.reason is null or d.reason = list_dead_letters.reason)
  order by d.dead_letter_id
  limit least(greatest(list_dead_letters.max_rows, 1), 10000);
$$;

comment on function ves.list_dead_letters(uuid, bigint, uuid, text, text, text, bigint, integer) is
'Dead letters of a tenant, or one of them, oldest first, with ids greater than after_id; 1 to 10,000 rows. The filters are null: any. An event''s payload is in the log (ves.read_payloads).';
