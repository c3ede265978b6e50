-- Events of one entity are folded in their order in memory, each entity is written once a batch. The write
-- compares the version that was read (operations 5.1, step 5); under the lock of the checkpoint it fits.
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
  v_entity integer := 0; -- the arrays are parallel to the entities that change
  v_projectors text[] := array[]::text[];
  v_generations integer[] := array[]::integer[];
  v_entity_ids text[] := array[]::text[];
  v_places tid[] := array[]::tid[];
  v_versions_before bigint[] := array[]::bigint[];
  v_versions bigint[] := array[]::bigint[];
  v_positions bigint[] := array[]::bigint[];
  v_created timestamptz[] := array[]::timestamptz[];
  v_updated timestamptz[] := array[]::timestamptz[];
  v_states jsonb[] := array[]::jsonb[];
  v_new integer;
  v_written integer;
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
      -- an entity that did not change gives its place to the next
      if v_entity = 0 or v_versions[v_entity] is distinct from v_versions_before[v_entity] then
        v_entity := v_entity + 1;
      end if;
      v_projectors[v_entity] := (v_row.event).entity_type;
      v_generations[v_entity] := v_row.generation;
      v_entity_ids[v_entity] := (v_row.event).entity_id;
      v_places[v_entity] := v_row.place;
      v_versions_before[v_entity] := v_row.version;
      v_versions[v_entity] := v_row.version;
      v_created[v_entity] := v_row.created_at;
      v_states[v_entity] := v_row.state;
    end if;
    v_outcome := ves_int.apply_event(v_states[v_entity], v_versions[v_entity], v_row.event);
    if v_outcome.code is null then
      v_states[v_entity] := v_outcome.state;
      v_versions[v_entity] := v_outcome.version;
      v_positions[v_entity] := (v_row.event).position;
      v_updated[v_entity] := (v_row.event).created_at;
      v_created[v_entity] := coalesce(v_created[v_entity], (v_row.event).created_at);
    elsif v_outcome.code <> 'SKIPPED' then
      rejections := rejections || row(
        (v_row.event).sequence_number, v_outcome.code, v_outcome.message, coalesce(v_versions[v_entity], 0)
      )::ves_int.projection_rejection;
    end if;
  end loop;
  if v_entity > 0 and v_versions[v_entity] is not distinct from v_versions_before[v_entity] then
    v_entity := v_entity - 1;
  end if;
  -- a statement without rows would still read the table's checks from the catalog
  v_new := cardinality(array_positions(v_versions_before[:v_entity], null));
  if v_new < v_entity then
    update ves_store.projections as p
    set version = w.version, sequence_number = w.position, updated_at = w.updated_at, state = w.state
    from unnest(
      v_places[:v_entity], v_versions_before[:v_entity], v_versions[:v_entity], v_positions[:v_entity],
      v_updated[:v_entity], v_states[:v_entity]
    ) as w (place, version_before, version, position, updated_at, state)
    where p.ctid = w.place and p.version = w.version_before;
    get diagnostics v_written = row_count;
    if v_written <> v_entity - v_new then
      perform ves_int.raise_error('projection_moved');
    end if;
  end if;
  if v_new > 0 then
    insert into ves_store.projections (
      tenant_id, store_id, stream, projector, generation, entity_id, version, sequence_number, created_at,
      updated_at, state
    )
    select
      project_batch.tenant_id, project_batch.store_id, project_batch.stream, w.projector, w.generation,
      w.entity_id, w.version, w.position, w.created_at, w.updated_at, w.state
    from unnest(
      v_projectors[:v_entity], v_generations[:v_entity], v_entity_ids[:v_entity], v_versions_before[:v_entity],
      v_versions[:v_entity], v_positions[:v_entity], v_created[:v_entity], v_updated[:v_entity],
      v_states[:v_entity]
    ) as w (projector, generation, entity_id, version_before, version, position, created_at, updated_at, state)
    where w.version_before is null;
  end if;
end
$$;

comment on function ves_int.project_batch(
  uuid, uuid, text, ves_int.projected_event[], text[], bigint[], integer[]
) is
'Applies events of one stream to the builds of these projectors that have come as far as after; what they reject. The caller holds the rows of the checkpoints and moves them. Errors: VE520 a projection is not as it was read.';
