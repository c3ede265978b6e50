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
  join ves_store.projections as p
    on c.tenant_id = p.tenant_id and c.store_id = p.store_id and c.stream = p.stream
    and c.projector = p.projector and c.generation = p.generation
  where c.tenant_id = get_projection.tenant_id and c.store_id = get_projection.store_id
    and c.stream = get_projection.stream and c.projector = get_projection.entity_type and c.is_live
    and p.entity_id = get_projection.entity_id;
  if not found then
    perform ves_int.raise_error('projection_not_found');
  end if;
  return v_projection;
end
$$;

comment on function ves.get_projection(uuid, uuid, text, text, text) is
'The current state of one entity in a stream (ves, legacy; operations 5.2). Errors: VE521.';
