-- The first one of each tenant is found by a loose index scan, and each turn takes the next one of each
-- tenant: a look-up each, whatever waits. A recursion makes its rows in order, and no more than are taken.
create or replace function ves.list_pending_anchors(
  anchor text default 'chain', include_legacy boolean default true, max_rows integer default 1000
)
returns setof ves.anchor_item
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_sort to off
set jit to off
as $$
  with recursive heads as (
    (
      select f.is_legacy, f.tenant_id, f.requested_at, f.committed_at, f.batch_id
      from (values (false), (true)) as g (is_legacy)
      cross join lateral (
        select a.is_legacy, a.tenant_id, a.requested_at, a.committed_at, a.batch_id
        from ves_store.commitment_anchors as a
        where a.anchor = list_pending_anchors.anchor and a.status = 'pending' and a.is_legacy = g.is_legacy
        order by a.tenant_id, a.requested_at, a.committed_at, a.batch_id
        limit 1
      ) as f
      where include_legacy or not g.is_legacy
    )
    union all
    select n.is_legacy, n.tenant_id, n.requested_at, n.committed_at, n.batch_id
    from heads as h
    cross join lateral (
      select a.is_legacy, a.tenant_id, a.requested_at, a.committed_at, a.batch_id
      from ves_store.commitment_anchors as a
      where a.anchor = list_pending_anchors.anchor and a.status = 'pending' and a.is_legacy = h.is_legacy
        and a.tenant_id > h.tenant_id
      order by a.tenant_id, a.requested_at, a.committed_at, a.batch_id
      limit 1
    ) as n
  ),
  turns as (
    (select h.* from heads as h order by h.requested_at, random())
    union all
    select n.is_legacy, n.tenant_id, n.requested_at, n.committed_at, n.batch_id
    from turns as t
    cross join lateral (
      select a.is_legacy, a.tenant_id, a.requested_at, a.committed_at, a.batch_id
      from ves_store.commitment_anchors as a
      where a.anchor = list_pending_anchors.anchor and a.status = 'pending' and a.is_legacy = t.is_legacy
        and a.tenant_id = t.tenant_id
        and (a.requested_at, a.committed_at, a.batch_id) > (t.requested_at, t.committed_at, t.batch_id)
      order by a.requested_at, a.committed_at, a.batch_id
      limit 1
    ) as n
  )
  select
    i.batch_id, i.tenant_id, i.store_id, i.is_legacy, i.events_root, i.prev_state_root, i.new_state_root,
    i.sequence_start, i.sequence_end, i.event_count, i.committed_at, isfinite(i.requested_at)
  from (
    select t.tenant_id, t.batch_id from turns as t
    limit least(greatest(list_pending_anchors.max_rows, 0), 5000)
  ) as g
  cross join lateral (
    select a.* from ves_int.anchor_items as a
    where a.batch_id = g.batch_id and a.anchor = list_pending_anchors.anchor and a.tenant_id = g.tenant_id
    limit 1
  ) as i
  order by i.requested_at, i.committed_at, i.batch_id;
$$;

comment on function ves.list_pending_anchors(text, boolean, integer) is
'Commitments of all tenants that an anchor does not have and that nothing was planned for, at most 5,000 (http-api 9): of each tenant the first one of either stream (VES only without include_legacy), requested or else the oldest, then the second ones, and so on. What is answered is in order: requested ones first, then the oldest.';
