create or replace function ves_int.tg_commitments__await_anchors()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at)
  select new.tenant_id, new.batch_id, g.anchor, tg_table_name = 'commitments', 'pending', new.committed_at
  from (
    select 'chain' as anchor
    union
    select unnest(p.anchors) from ves_store.anchor_policy as p
  ) as g;
  return null;
end
$$;

comment on function ves_int.tg_commitments__await_anchors() is
'A new commitment waits for the chain, and for each other anchor of the policy.';
