create or replace function ves.list_legacy_commitments(
  tenant_id uuid, store_id uuid, only_unanchored boolean default true
)
returns setof ves.legacy_commitment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.*
  from ves_int.legacy_commitments as c
  where c.tenant_id = list_legacy_commitments.tenant_id and c.store_id = list_legacy_commitments.store_id
    and (not only_unanchored or c.chain_tx_hash is null)
  order by c.committed_at, c.batch_id;
$$;

comment on function ves.list_legacy_commitments(uuid, uuid, boolean) is
'Commitments of a legacy stream, oldest first; by default only those without a chain transaction (VES 17.3).';
