create or replace view ves.anchor_states as
select
  s.tenant_id, s.batch_id, s.is_legacy, s.committed_at, s.anchors, s.required, s.anchored,
  s.anchored >= s.required as is_anchored
from (
  select
    a.tenant_id, a.batch_id, a.is_legacy, a.committed_at, p.anchors, p.required,
    (
      select count(*)::integer
      from ves_store.commitment_anchors as o
      where
        o.batch_id = a.batch_id
        and o.tenant_id = a.tenant_id
        and o.anchor = any(p.anchors)
        and o.status = 'anchored'
    ) as anchored
  from ves_store.commitment_anchors as a
  cross join ves_store.anchor_policy as p
  where a.anchor = 'chain'
) as s;

comment on view ves.anchor_states is
'Commitments of both streams by the anchor policy: how many of its anchors have each, how many must, and whether that is so (is_anchored).';
