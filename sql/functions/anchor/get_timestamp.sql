create or replace function ves.get_timestamp(tenant_id uuid, batch_id uuid)
returns setof ves.commitment_timestamp
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    i.tenant_id, i.store_id, i.events_root, i.new_state_root, i.sequence_start, i.sequence_end, i.event_count,
    a.status, a.proof_path, t.proof, t.block_height
  from ves_store.commitment_anchors as a
  join ves_int.anchor_items as i
    on a.batch_id = i.batch_id and a.anchor = i.anchor and a.tenant_id = i.tenant_id
  join ves_store.timestamps as t on a.call_id = t.timestamp_id
  where a.batch_id = get_timestamp.batch_id and a.anchor = 'opentimestamps'
    and get_timestamp.tenant_id in (a.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_timestamp(uuid, uuid) is
'The OpenTimestamps proof of a commitment of either stream: proof_path leads from its digest (chain 8) to the root that proof begins with. The nil tenant looks in all. No row while no calendar has it. block_height is null until a Bitcoin block has it.';
