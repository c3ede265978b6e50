-- PL/pgSQL keeps the plan: callers who wait for an anchor ask by this call.
create or replace function ves.list_told_anchors(batch_ids uuid[])
returns table (batch_id uuid)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
begin
  return query
  select g.batch_id
  from unnest(batch_ids) as g (batch_id)
  cross join lateral (
    select a.status, a.chain_block_number from ves_store.commitment_anchors as a
    where a.batch_id = g.batch_id and a.anchor = 'chain'
    offset 0
  ) as c
  where c.chain_block_number is not null or c.status = 'contradicted';
end
$$;

comment on function ves.list_told_anchors(uuid[]) is
'Which of these commitments of any tenants a block has the transaction of, or the contract contradicts: of them ves.get_anchor has something to tell to whoever waits.';
