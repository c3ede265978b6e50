create or replace function ves.list_anchors(tenant_id uuid, batch_id uuid)
returns setof ves.anchor_progress
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    i.tenant_id, i.store_id, a.anchor, a.anchor = any(s.anchors), a.status, a.chain_id, a.chain_tx_hash, a.chain_block_number,
    a.reason, a.anchored_at, s.required, s.anchored
  from ves_store.commitment_anchors as a
  join ves_int.anchor_items as i
    on a.batch_id = i.batch_id and a.anchor = i.anchor and a.tenant_id = i.tenant_id
  join ves.anchor_states as s on a.batch_id = s.batch_id and a.tenant_id = s.tenant_id
  where a.batch_id = list_anchors.batch_id
    and list_anchors.tenant_id in (a.tenant_id, '00000000-0000-0000-0000-000000000000')
  order by a.anchor;
$$;

comment on function ves.list_anchors(uuid, uuid) is
'How far each anchor has a commitment of either stream; required and anchored are those of the policy (ves.anchor_states). The nil tenant looks in all. No row when there is no such commitment.';
