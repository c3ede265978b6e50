create or replace function ves.list_commit_due(
  min_events integer default 1024, max_age_seconds double precision default 5,
  max_streams integer default 1000
)
returns table (tenant_id uuid, store_id uuid, waiting bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  with streams as (
    select
      (q.message ->> 'tenant_id')::uuid as tenant_id,
      (q.message ->> 'store_id')::uuid as store_id,
      max((q.message ->> 'sequence_to')::bigint) as sequence_to,
      min(q.enqueued_at) as oldest_at
    from pgmq.q_ves_commit as q
    group by 1, 2
  )
  select s.tenant_id, s.store_id, s.sequence_to - ves_int.committed_to(s.tenant_id, s.store_id)
  from streams as s
  where s.sequence_to > ves_int.committed_to(s.tenant_id, s.store_id)
    and (
      s.sequence_to - ves_int.committed_to(s.tenant_id, s.store_id) >= min_events
      or s.oldest_at <= clock_timestamp() - greatest(least(max_age_seconds, 1e9), 0) * interval '1 second'
    )
  order by s.oldest_at
  limit greatest(max_streams, 0);
$$;

comment on function ves.list_commit_due(integer, double precision, integer) is
'Streams whose uncommitted events are enough (min_events) or old enough (max_age_seconds), oldest first. Reads the queue, which holds only uncommitted ranges.';
