create or replace function ves.list_legacy_commitments(
  tenant_id uuid, store_id uuid, only_unanchored boolean default true
)
returns setof ves.legacy_commitment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    c.batch_id, c.tenant_id, c.store_id, c.prev_state_root, c.new_state_root, c.events_root, c.event_count,
    c.sequence_start, c.sequence_end, c.committed_at, a.chain_tx_hash, a.anchored_at
  from ves_store.commitments as c
  left join ves_store.commitment_anchors as a on a.batch_id = c.batch_id and a.tenant_id = c.tenant_id
  where c.tenant_id = list_legacy_commitments.tenant_id and c.store_id = list_legacy_commitments.store_id
    and (not only_unanchored or a.chain_tx_hash is null)
  order by c.committed_at, c.batch_id;
$$;

comment on function ves.list_legacy_commitments(uuid, uuid, boolean) is
'Commitments of a legacy stream, oldest first; by default only those without a chain transaction (VES 17.3).';
