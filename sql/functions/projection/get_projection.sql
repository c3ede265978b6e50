create or replace function ves.get_projection(
  tenant_id uuid, store_id uuid, entity_type text, entity_id text, stream text default 'ves'
)
returns ves.projection
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_projection ves.projection;
begin
  select p.projector, p.entity_id, p.stream, p.version, p.sequence_number, c.last_projected_sequence,
    ves_int.projected_entity(p.projector, p.entity_id, p.version, p.created_at, p.updated_at, p.state)
  into v_projection
  from ves_store.projection_checkpoints as c
  cross join lateral (
    select * from ves_store.projections as o
    where o.tenant_id = c.tenant_id and o.store_id = c.store_id and o.stream = c.stream
      and o.projector = c.projector and o.generation = c.generation
      and o.entity_id = get_projection.entity_id
    limit 1
  ) as p
  where c.tenant_id = get_projection.tenant_id and c.store_id = get_projection.store_id
    and c.stream = get_projection.stream and c.projector = get_projection.entity_type and c.is_live;
  if not found then
    perform ves_int.raise_error('projection_not_found');
  end if;
  return v_projection;
end
$$;

comment on function ves.get_projection(uuid, uuid, text, text, text) is
'The current state of one entity in a stream (ves, legacy; operations 5.2). Errors: VE521.';
