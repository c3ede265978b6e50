create or replace view rest.projections with (security_barrier) as
select
  p.tenant_id, p.store_id, p.stream, p.projector as entity_type, p.entity_id, p.version, p.sequence_number,
  c.last_projected_sequence as projected_to, p.created_at, p.updated_at, p.state
from ves_store.projection_checkpoints as c
inner join ves_store.projections as p
  on
    c.tenant_id = p.tenant_id and c.store_id = p.store_id and c.stream = p.stream
    and c.projector = p.projector and c.generation = p.generation
where
  c.is_live
  and c.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(c.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.projections is
'Current state of the entities of the token''s tenant (operations 5.2), each with the last event applied to it and how far the projection has come.';
