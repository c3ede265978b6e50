create or replace function ves.count_unmet_anchors()
returns table (commitments bigint, oldest_seconds double precision)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    count(*), coalesce(extract(epoch from clock_timestamp() - min(g.committed_at)), 0)::double precision
  from (
    select min(a.committed_at) as committed_at
    from ves_store.anchor_policy as p
    join ves_store.commitment_anchors as a on a.anchor = any(p.anchors) and a.status <> 'anchored'
    group by a.batch_id, a.tenant_id, p.anchors, p.required
    having count(*) > cardinality(p.anchors) - p.required
  ) as g;
$$;

comment on function ves.count_unmet_anchors() is
'How many commitments fewer anchors have than the policy demands, and the age of the oldest in seconds, 0 without one. Its cost follows what is not anchored.';
