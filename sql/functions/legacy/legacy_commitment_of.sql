create or replace function ves_int.legacy_commitment_of(tenant_id uuid, batch_id uuid)
returns ves.legacy_commitment
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select row(
    c.batch_id, c.tenant_id, c.store_id, c.prev_state_root, c.new_state_root, c.events_root, c.event_count,
    c.sequence_start, c.sequence_end, c.committed_at, a.chain_tx_hash, a.anchored_at
  )::ves.legacy_commitment
  from ves_store.commitments as c
  left join ves_store.commitment_anchors as a on a.batch_id = c.batch_id and a.tenant_id = c.tenant_id
  where c.batch_id = legacy_commitment_of.batch_id and c.tenant_id = legacy_commitment_of.tenant_id;
$$;

comment on function ves_int.legacy_commitment_of(uuid, uuid) is 'One legacy commitment with its anchoring state.';
