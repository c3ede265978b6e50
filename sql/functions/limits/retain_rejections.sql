-- Cost: rejections since `since`, for each tenant that had any as many entries of an index as it may keep,
-- and what is deleted.
-- Locks (sql/README.md): rows of rejection_cuts by tenant.
create or replace function ves_int.retain_rejections(since timestamptz, max_rows integer)
returns integer
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_kept ves_store.limits;
  v_deleted integer;
begin
  select l.* into strict v_kept from ves_store.limits as l where l.name = 'rejections';
  with expired as (
    select o.tenant_id, max(o.rejection_id) as cut_to
    from (
      select r.tenant_id, r.rejection_id from ves_store.ves_rejections as r
      where r.rejected_at < v_now - v_kept.max_age
      order by r.rejected_at
      limit max_rows
    ) as o
    group by o.tenant_id
  ),
  crowded as (
    select t.tenant_id, (
      select r.rejection_id from ves_store.ves_rejections as r
      where r.tenant_id = t.tenant_id
      order by r.rejection_id desc
      offset v_kept.max_rows limit 1
    ) as cut_to
    from (
      select distinct r.tenant_id from ves_store.ves_rejections as r
      where r.rejected_at >= coalesce(retain_rejections.since, '-infinity')
    ) as t
  ),
  cuts as (
    insert into ves_store.rejection_cuts as c (tenant_id, cut_to, cut_at)
    select u.tenant_id, max(u.cut_to), v_now
    from (select e.* from expired as e union all select w.* from crowded as w) as u
    where u.cut_to is not null
    group by u.tenant_id
    order by u.tenant_id
    on conflict (tenant_id) do update
    set cut_to = greatest(c.cut_to, excluded.cut_to), cut_at = excluded.cut_at
    returning c.tenant_id
  )
  select count(*)::integer into v_deleted from cuts;
  if v_deleted > 0 then
    -- by their places, which rows of an append-only table keep
    delete from ves_store.ves_rejections as r
    where r.ctid = any (array(
      select d.place
      from ves_store.rejection_cuts as c
      cross join lateral (
        select o.ctid as place from ves_store.ves_rejections as o
        where o.tenant_id = c.tenant_id and o.rejection_id <= c.cut_to
        order by o.rejection_id
        limit max_rows
      ) as d
      where c.cut_at = v_now
      limit max_rows
    ));
    get diagnostics v_deleted = row_count;
  end if;
  return v_deleted;
end
$$;

comment on function ves_int.retain_rejections(timestamptz, integer) is
'Deletes up to max_rows rejections by ingest that are older than limit rejections says or beyond the newest of tenants that had any since then; how many.';
