-- Locks (sql/README.md): rows of projections of a generation that nobody writes, under 4.
create or replace function ves_int.delete_build(build ves_store.projection_checkpoints, max_rows integer)
returns boolean
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_deleted integer;
begin
  delete from ves_store.projections as p
  where p.ctid = any (array(
    select o.ctid from ves_store.projections as o
    where o.tenant_id = build.tenant_id and o.store_id = build.store_id and o.stream = build.stream
      and o.projector = build.projector and o.generation = build.generation
    limit max_rows
    for update
  ));
  get diagnostics v_deleted = row_count;
  if v_deleted = max_rows then
    return false;
  end if;
  delete from ves_store.projection_checkpoints as c
  where c.tenant_id = build.tenant_id and c.store_id = build.store_id and c.stream = build.stream
    and c.projector = build.projector and c.generation = build.generation;
  return true;
end
$$;

comment on function ves_int.delete_build(ves_store.projection_checkpoints, integer) is
'Deletes up to max_rows rows of a generation of a projection that is not live any more, and with the last its checkpoint; whether that was done. The caller holds the row of the checkpoint.';
