create or replace function ves.count_anchors()
returns table (anchor text, status text, commitments bigint, oldest_seconds double precision)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    a.anchor, a.status, count(*),
    extract(epoch from clock_timestamp() - min(a.committed_at))::double precision
  from ves_store.commitment_anchors as a
  where a.status <> 'anchored'
  group by a.anchor, a.status;
$$;

comment on function ves.count_anchors() is
'How many commitments are not anchored, by anchor and status, and the age of the oldest in seconds. Its cost follows what is not anchored.';
