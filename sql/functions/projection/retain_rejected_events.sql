-- Rows are found by their places, as in ves_int.take_wake_ups: a join may read the whole table.
create or replace function ves_int.retain_rejected_events(since timestamptz, max_rows integer)
returns integer
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_kept ves_store.limits;
  v_deleted integer;
begin
  select l.* into strict v_kept from ves_store.limits as l where l.name = 'rejected_events';
  with old as (
    select r.ctid as place from ves_store.rejected_events_log as r
    where r.rejected_at < v_now - v_kept.max_age
    order by r.rejected_at
    limit max_rows
  ),
  -- materialized: the distinct tenants would be found by walking the primary key
  recent as materialized (
    select r.tenant_id from ves_store.rejected_events_log as r
    where r.rejected_at >= coalesce(retain_rejected_events.since, '-infinity')
  ),
  crowded as (
    select d.place
    from (select distinct r.tenant_id from recent as r) as t
    cross join lateral (
      select r.ctid as place from ves_store.rejected_events_log as r
      where r.tenant_id = t.tenant_id
      order by r.id desc
      offset v_kept.max_rows limit max_rows
    ) as d
    limit max_rows
  )
  delete from ves_store.rejected_events_log as r
  where r.ctid = any (array(select o.place from old as o union all select c.place from crowded as c));
  get diagnostics v_deleted = row_count;
  return v_deleted;
end
$$;

comment on function ves_int.retain_rejected_events(timestamptz, integer) is
'Deletes up to max_rows rows of rejected_events_log that are older than limit rejected_events says, and as many beyond the newest of tenants that had any since then; how many.';
