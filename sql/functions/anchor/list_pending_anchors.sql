create or replace function ves.list_pending_anchors(
  anchor text default 'chain', include_legacy boolean default true, max_rows integer default 1000
)
returns setof ves.anchor_item
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    i.batch_id, i.tenant_id, i.store_id, i.is_legacy, i.events_root, i.prev_state_root, i.new_state_root,
    i.sequence_start, i.sequence_end, i.event_count, i.committed_at, i.requested_at is not null
  from ves_int.anchor_items as i
  where i.anchor = list_pending_anchors.anchor and i.status = 'pending'
    and (list_pending_anchors.include_legacy or not i.is_legacy)
  order by i.requested_at, i.committed_at, i.batch_id
  limit least(greatest(list_pending_anchors.max_rows, 0), 5000);
$$;

comment on function ves.list_pending_anchors(text, boolean, integer) is
'Commitments of all tenants that an anchor does not have and that nothing was planned for: requested ones first, then the oldest; at most 5,000 (http-api 9).';
