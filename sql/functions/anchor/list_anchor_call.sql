create or replace function ves.list_anchor_call(call_id uuid)
returns setof ves.anchor_item
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    i.batch_id, i.tenant_id, i.store_id, i.is_legacy, i.events_root, i.prev_state_root, i.new_state_root,
    i.sequence_start, i.sequence_end, i.event_count, i.committed_at, isfinite(i.requested_at)
  from ves_int.anchor_items as i
  where i.call_id = list_anchor_call.call_id
  order by i.committed_at, i.batch_id;
$$;

comment on function ves.list_anchor_call(uuid) is
'The commitments of one call of the anchor contract: what its logs must say is stored here.';
