create or replace function ves.count_dead_letters(tenant_id uuid default null)
returns table (consumer text, status text, reason text, letters bigint, due bigint, oldest_at timestamptz)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    d.consumer, d.status, d.reason, count(*), count(*) filter (where d.next_retry_at <= now()),
    min(d.created_at)
  from ves_store.dead_letter_events as d
  where (count_dead_letters.tenant_id is null or d.tenant_id = count_dead_letters.tenant_id)
    and d.status in ('parked', 'pending', 'retrying', 'failed')
  group by d.consumer, d.status, d.reason
  order by d.consumer, d.status, d.reason;
$$;

comment on function ves.count_dead_letters(uuid) is
'Open dead letters of a tenant, null: of all, by consumer, status and last reason; how many are due.';
