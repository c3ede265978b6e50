-- Locks (sql/README.md): 4, the row of projection_checkpoints of the build.
create or replace function ves_int.open_build(live ves_store.projection_checkpoints, context jsonb)
returns ves_store.projection_checkpoints
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_build ves_store.projection_checkpoints;
begin
  select c.* into v_build from ves_store.projection_checkpoints as c
  where c.tenant_id = live.tenant_id and c.store_id = live.store_id and c.stream = live.stream
    and c.projector = live.projector and not c.is_live
  order by c.generation
  limit 1
  for update;
  if not found then
    insert into ves_store.projection_checkpoints as c (
      tenant_id, store_id, stream, projector, generation, is_live
    )
    values (live.tenant_id, live.store_id, live.stream, live.projector, live.generation + 1, false)
    returning c.* into v_build;
    perform ves_int.audit(
      'custom:projection_rebuild', live.tenant_id, 'projection', live.projector,
      jsonb_build_object(
        'store_id', live.store_id, 'stream', live.stream, 'generation', v_build.generation),
      open_build.context);
  end if;
  return v_build;
end
$$;

comment on function ves_int.open_build(ves_store.projection_checkpoints, jsonb) is
'Locks the generation that is built beside the live one of a projection, or deleted after it; begins the next one when there is none, which is audited.';
