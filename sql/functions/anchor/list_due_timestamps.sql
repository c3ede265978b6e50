create or replace function ves.list_due_timestamps(max_rows integer default 100)
returns table (timestamp_id uuid, root bytea, proof bytea, age_seconds double precision)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set jit to off
as $$
  select
    t.timestamp_id, t.root, t.proof,
    extract(epoch from clock_timestamp() - t.created_at)::double precision
  from ves_store.timestamps as t
  where t.status = 'submitted' and t.due_at <= now()
  order by t.due_at
  limit least(greatest(list_due_timestamps.max_rows, 0), 1000);
$$;

comment on function ves.list_due_timestamps(integer) is
'Digests whose calendars are to be asked for the Bitcoin block now, those that have waited longest first; at most 1,000.';
