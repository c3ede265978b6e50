-- A tenant that has more of them than a step takes delays no other: then each turn takes the next one of each
-- tenant, a look-up each. Otherwise all are taken, and what is not due yet costs nothing.
create or replace function ves_int.due_rotations(at timestamptz, max_rows integer)
returns table (rotation_id uuid, tenant_id uuid)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set jit to off
as $$
#variable_conflict use_column
begin
  if not exists (
    select from ves_store.scheduled_key_rotations as r
    where r.status = 'pending' and r.scheduled_at <= due_rotations.at
    order by r.scheduled_at
    offset due_rotations.max_rows limit 1
  ) then
    return query
    select r.rotation_id, r.tenant_id from ves_store.scheduled_key_rotations as r
    where r.status = 'pending' and r.scheduled_at <= due_rotations.at
    order by r.scheduled_at;
    return;
  end if;
  return query
  with recursive heads as (
    (
      select r.tenant_id, r.scheduled_at, r.rotation_id from ves_store.scheduled_key_rotations as r
      where r.status = 'pending'
      order by r.tenant_id, r.scheduled_at, r.rotation_id
      limit 1
    )
    union all
    select n.tenant_id, n.scheduled_at, n.rotation_id
    from heads as h
    cross join lateral (
      select r.tenant_id, r.scheduled_at, r.rotation_id from ves_store.scheduled_key_rotations as r
      where r.status = 'pending' and r.tenant_id > h.tenant_id
      order by r.tenant_id, r.scheduled_at, r.rotation_id
      limit 1
    ) as n
  ),
  turns as (
    (select h.* from heads as h where h.scheduled_at <= due_rotations.at order by h.scheduled_at)
    union all
    select n.tenant_id, n.scheduled_at, n.rotation_id
    from turns as t
    cross join lateral (
      select r.tenant_id, r.scheduled_at, r.rotation_id from ves_store.scheduled_key_rotations as r
      where r.status = 'pending' and r.scheduled_at <= due_rotations.at and r.tenant_id = t.tenant_id
        and (r.scheduled_at, r.rotation_id) > (t.scheduled_at, t.rotation_id)
      order by r.scheduled_at, r.rotation_id
      limit 1
    ) as n
  )
  -- some may be locked
  select t.rotation_id, t.tenant_id from turns as t limit 10 * due_rotations.max_rows;
end
$$;

comment on function ves_int.due_rotations(timestamptz, integer) is
'Pending rotations that are due: all, or if they are more than max_rows ten times as many at most, of each tenant its oldest, then its second one, and so on.';
