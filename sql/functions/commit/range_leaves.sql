create or replace function ves_int.range_leaves(
  tenant_id uuid, store_id uuid, sequence_start bigint, sequence_end bigint
)
returns bytea
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select string_agg(e.leaf_hash, ''::bytea order by e.sequence_number)
  from ves_store.ves_events as e
  where e.tenant_id = range_leaves.tenant_id and e.store_id = range_leaves.store_id
    and e.sequence_number between range_leaves.sequence_start and range_leaves.sequence_end;
$$;

comment on function ves_int.range_leaves(uuid, uuid, bigint, bigint) is
'Leaf hashes of a range of a VES stream, 32 bytes an event, in order; null when there is none.';
