-- Locks (sql/README.md): the table commitment_anchors, then 7.
create or replace function ves.set_anchor_policy(anchors text[], required integer, context jsonb default null)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_anchors constant text[] := array(select distinct g.a from unnest(set_anchor_policy.anchors) as g (a) order by g.a);
  v_wrong constant text := case
    when cardinality(v_anchors) = 0 or not v_anchors <@ '{chain,opentimestamps}' then 'anchors'
    when coalesce(set_anchor_policy.required not between 1 and cardinality(v_anchors), true) then 'required'
  end;
  v_added bigint;
begin
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  -- a commitment that is being made has its rows by the old policy: it is waited for, and gets the missing ones here
  lock table ves_store.commitment_anchors in share row exclusive mode;
  update ves_store.anchor_policy as p set anchors = v_anchors, required = set_anchor_policy.required;
  insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at)
  select c.tenant_id, c.batch_id, g.anchor, c.is_legacy, 'pending', c.committed_at
  from ves_store.commitment_anchors as c
  cross join unnest(v_anchors) as g (anchor)
  where c.anchor = 'chain'
  on conflict do nothing;
  get diagnostics v_added = row_count;
  perform ves_int.audit(
    'config_updated', null, 'anchor_policy', null,
    jsonb_build_object('anchors', v_anchors, 'required', set_anchor_policy.required),
    set_anchor_policy.context);
  return v_added;
end
$$;

comment on function ves.set_anchor_policy(text[], integer, jsonb) is
'Says which anchors (chain, opentimestamps) count, and how many of them must have a commitment before it counts as anchored. Commitments that exist wait for an anchor that is new: commits wait meanwhile, and the cost follows their number. The number of rows added. What an anchor has stays recorded when it counts no more. Audited. Errors: VE007.';
