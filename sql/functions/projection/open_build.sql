-- Calls for one projection wait for each other first: one that waited for the row of a build would hold it
-- when it has become the live one.
-- Locks (sql/README.md): 4, the advisory lock of the rebuild, the row of projection_checkpoints of the build.
create or replace function ves_int.open_build(
  tenant_id uuid, store_id uuid, stream text, projector text, context jsonb
)
returns ves_store.projection_checkpoints
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_live ves_store.projection_checkpoints;
  v_build ves_store.projection_checkpoints;
begin
  perform pg_advisory_xact_lock(
    'ves_store.projection_checkpoints'::regclass::oid::integer,
    hashtext(concat_ws('/', open_build.tenant_id, open_build.store_id, open_build.stream, open_build.projector)));
  select c.* into v_live from ves_store.projection_checkpoints as c
  where c.tenant_id = open_build.tenant_id and c.store_id = open_build.store_id and c.stream = open_build.stream
    and c.projector = open_build.projector and c.is_live;
  if not found then
    perform ves_int.raise_error('projection_not_found');
  end if;
  select c.* into v_build from ves_store.projection_checkpoints as c
  where c.tenant_id = v_live.tenant_id and c.store_id = v_live.store_id and c.stream = v_live.stream
    and c.projector = v_live.projector and not c.is_live
  order by c.generation
  limit 1
  for update;
  if not found then
    insert into ves_store.projection_checkpoints as c (
      tenant_id, store_id, stream, projector, generation, is_live
    )
    values (v_live.tenant_id, v_live.store_id, v_live.stream, v_live.projector, v_live.generation + 1, false)
    returning c.* into v_build;
    perform ves_int.audit(
      'custom:projection_rebuild', v_live.tenant_id, 'projection', v_live.projector,
      jsonb_build_object(
        'store_id', v_live.store_id, 'stream', v_live.stream, 'generation', v_build.generation),
      open_build.context);
  end if;
  return v_build;
end
$$;

comment on function ves_int.open_build(uuid, uuid, text, text, jsonb) is
'Locks the generation that is built beside the live one of a projection, or deleted after it; begins the next one when there is none, which is audited. Errors: VE521.';
