-- The write compares the version that was read (operations 5.1, step 5); under the lock of the checkpoint it
-- fits. A statement without rows would still read the table's checks from the catalog.
create or replace function ves_int.write_projections(
  tenant_id uuid, store_id uuid, stream text, entities ves_int.projected_entity[]
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_new constant bigint := (select count(*) from unnest(entities) as w where w.version_before is null);
  v_written bigint;
begin
  if v_new < cardinality(entities) then
    update ves_store.projections as p
    set version = w.version, sequence_number = w.position, updated_at = w.updated_at, state = w.state
    from unnest(entities) as w
    where p.ctid = w.place and p.version = w.version_before;
    get diagnostics v_written = row_count;
    if v_written <> cardinality(entities) - v_new then
      perform ves_int.raise_error('projection_moved');
    end if;
  end if;
  if v_new > 0 then
    insert into ves_store.projections (
      tenant_id, store_id, stream, projector, generation, entity_id, version, sequence_number, created_at,
      updated_at, state
    )
    select
      write_projections.tenant_id, write_projections.store_id, write_projections.stream, w.projector, w.generation,
      w.entity_id, w.version, w.position, w.created_at, w.updated_at, w.state
    from unnest(entities) as w
    where w.version_before is null;
  end if;
end
$$;

comment on function ves_int.write_projections(uuid, uuid, text, ves_int.projected_entity[]) is
'Stores the entities that a batch changed, each once. Errors: VE520 a projection is not as it was read.';
