-- Events of one entity are folded in their order in memory, each entity is written once a batch.
-- Rows are read by a look-up each and written by place: a join may scan the stream's rows for every entity.
create or replace function ves_int.project_batch(
  tenant_id uuid, store_id uuid, stream text, events ves_int.projected_event[], projectors text[],
  after bigint[], generations integer[], out rejections ves_int.projection_rejection[]
)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_row record;
  v_outcome record;
  v_entity ves_int.projected_entity;
  v_changed ves_int.projected_entity[] := array[]::ves_int.projected_entity[];
begin
  rejections := array[]::ves_int.projection_rejection[];
  for v_row in
    select e as event, c.generation, p.place, p.version, p.state, p.created_at,
      row_number() over (partition by e.entity_type, e.entity_id order by e.position, e.attempt) = 1
        as is_first
    from unnest(project_batch.events) as e
    join unnest(project_batch.projectors, project_batch.after, project_batch.generations)
      as c (projector, after, generation)
      on e.entity_type = c.projector and e.position > c.after
    left join lateral (
      select o.ctid as place, o.version, o.state, o.created_at from ves_store.projections as o
      where o.tenant_id = project_batch.tenant_id and o.store_id = project_batch.store_id
        and o.stream = project_batch.stream and o.projector = e.entity_type and o.generation = c.generation
        and o.entity_id = e.entity_id
      limit 1
    ) as p on true
    order by e.entity_type, e.entity_id, e.position, e.attempt
  loop
    if v_row.is_first then
      if v_entity.version is distinct from v_entity.version_before then
        v_changed := v_changed || v_entity;
      end if;
      v_entity := row(
        (v_row.event).entity_type, v_row.generation, (v_row.event).entity_id, v_row.place, v_row.version,
        v_row.version, null, v_row.created_at, null, v_row.state)::ves_int.projected_entity;
    end if;
    v_outcome := ves_int.apply_event(v_entity.state, v_entity.version, v_row.event);
    if v_outcome.code is null then
      v_entity.state := v_outcome.state;
      v_entity.version := v_outcome.version;
      v_entity.position := (v_row.event).position;
      v_entity.updated_at := (v_row.event).created_at;
      v_entity.created_at := coalesce(v_entity.created_at, (v_row.event).created_at);
    elsif v_outcome.code <> 'SKIPPED' then
      rejections := rejections || row(
        (v_row.event).sequence_number, v_outcome.code, v_outcome.message, coalesce(v_entity.version, 0)
      )::ves_int.projection_rejection;
    end if;
  end loop;
  if v_entity.version is distinct from v_entity.version_before then
    v_changed := v_changed || v_entity;
  end if;
  perform ves_int.write_projections(
    project_batch.tenant_id, project_batch.store_id, project_batch.stream, v_changed);
end
$$;

comment on function ves_int.project_batch(
  uuid, uuid, text, ves_int.projected_event[], text[], bigint[], integer[]
) is
'Applies events of one stream to the builds of these projectors that have come as far as after; what they reject. The caller holds the rows of the checkpoints and moves them. Errors: VE520 a projection is not as it was read.';
