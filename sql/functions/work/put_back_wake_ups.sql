-- The rows of two functions have no index: they are joined by their hashes, whatever the callers set.
create or replace function ves_int.put_back_wake_ups(
  numbers bigint[], tenant_ids uuid[], store_ids uuid[], heads bigint[], since timestamptz[],
  are_legacy boolean[], traces text[]
)
returns void
language sql
volatile
set search_path to pg_catalog, pg_temp
set enable_hashjoin to on
set enable_nestloop to off
as $$
  insert into pgmq.q_ves_commit (vt, enqueued_at, message, headers)
  select
    clock_timestamp(), s.since, jsonb_build_object(
      'tenant_id', s.tenant_id, 'store_id', s.store_id, 'sequence_to', s.head, 'legacy', s.is_legacy),
    case when s.trace is not null then jsonb_build_object('traceparent', s.trace) end
  from unnest(tenant_ids, store_ids, heads, put_back_wake_ups.since, are_legacy, traces)
    with ordinality as s (tenant_id, store_id, head, since, is_legacy, trace, number)
  join unnest(numbers) as h (number) on h.number = s.number;
$$;

comment on function ves_int.put_back_wake_ups(bigint[], uuid[], uuid[], bigint[], timestamptz[], boolean[], text[]) is
'Puts wake-ups back into the queue ves_commit: those of these subscripts, each once.';
