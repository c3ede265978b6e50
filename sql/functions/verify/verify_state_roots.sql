-- A chain is right when every link is: the previous root is the one before, the new one follows from it.
create or replace function ves.verify_state_roots(tenant_id uuid default null, store_id uuid default null)
returns table (tenant_id uuid, store_id uuid, scanned bigint, wrong bigint, first_wrong uuid)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  with linked as (
    select c.tenant_id, c.store_id, c.batch_id, c.sequence_start,
      c.prev_state_root is distinct from
        lag(c.new_state_root, 1, decode(repeat('00', 32), 'hex')) over stream
      or c.new_state_root is distinct from ves_int.state_root(
        ves_int.stream_id(c.tenant_id, c.store_id), c.prev_state_root, c.merkle_root, c.sequence_start,
        c.sequence_end, c.leaf_count)
      or c.sequence_start <> lag(c.sequence_end + 1, 1, c.sequence_start) over stream as is_wrong
    from ves_store.ves_commitments as c
    where (verify_state_roots.tenant_id is null or c.tenant_id = verify_state_roots.tenant_id)
      and (verify_state_roots.store_id is null or c.store_id = verify_state_roots.store_id)
    window stream as (partition by c.tenant_id, c.store_id order by c.sequence_start)
  )
  select l.tenant_id, l.store_id, count(*), count(*) filter (where l.is_wrong),
    (array_agg(l.batch_id order by l.sequence_start) filter (where l.is_wrong))[1]
  from linked as l
  group by l.tenant_id, l.store_id
  order by l.tenant_id, l.store_id;
$$;

comment on function ves.verify_state_roots(uuid, uuid) is
'Recomputes the state-root chain (VES 10.2) of every stream with commitments, or of those named, from the first commitment on: how many were scanned, how many do not fit, and the first that does not. Trees are not recomputed; ves.verify_stream does that.';
