create or replace function ves.list_commitments(
  tenant_id uuid, store_id uuid, only_unanchored boolean default true, after bigint default 0,
  max_rows integer default null
)
returns setof ves.commitment
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select l.*
  from (
    select c.*
    from ves.commitments as c
    where c.tenant_id = list_commitments.tenant_id and c.store_id = list_commitments.store_id
      and (not only_unanchored or c.chain_tx_hash is null) and c.sequence_start > list_commitments.after
    order by c.sequence_start
    limit case when list_commitments.max_rows < 0 then 0 else list_commitments.max_rows end
  ) as l
  order by l.committed_at, l.batch_id;
$$;

comment on function ves.list_commitments(uuid, uuid, boolean, bigint, integer) is
'Commitments of a stream, oldest first; by default only those without a chain transaction. They start above the number `after`, the lowest numbers max_rows of them (all when null): the next page is after the highest sequence_end (VES 10.3).';
