-- A step: builds beside the live rows, switches under the lock of the live checkpoint, deletes the old rows.
-- Locks (sql/README.md): as ves_int.open_build, then, at the end, the row of the live checkpoint.
create or replace function ves.rebuild_projection(
  tenant_id uuid, store_id uuid, projector text, stream text default 'ves', max_events integer default 10000,
  context jsonb default null
)
returns table (phase text, built_to bigint, target bigint)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_most constant integer := least(greatest(coalesce(max_events, 0), 1), 100000);
  v_live ves_store.projection_checkpoints;
  v_is_last boolean;
  v_build ves_store.projection_checkpoints;
  v_next record;
begin
  v_build := ves_int.open_build(
    rebuild_projection.tenant_id, rebuild_projection.store_id, rebuild_projection.stream, rebuild_projection.projector,
    rebuild_projection.context);
  select c.* into strict v_live from ves_store.projection_checkpoints as c
  where c.tenant_id = v_build.tenant_id and c.store_id = v_build.store_id and c.stream = v_build.stream
    and c.projector = v_build.projector and c.is_live;
  -- The last numbers are built while the live projector waits. Steps before that stay below its checkpoint,
  -- at which a retry may still be recorded.
  v_is_last := v_live.last_projected_sequence - v_build.last_projected_sequence <= least(v_most, 1000);
  if v_is_last then
    select c.* into strict v_live from ves_store.projection_checkpoints as c
    where c.tenant_id = v_live.tenant_id and c.store_id = v_live.store_id and c.stream = v_live.stream
      and c.projector = v_live.projector and c.is_live
    for update;
  end if;
  built_to := v_build.last_projected_sequence;
  target := v_live.last_projected_sequence;
  if v_build.generation < v_live.generation then
    phase := case when ves_int.delete_build(v_build, v_most) then 'done' else 'deleting' end;
    built_to := target;
    return next;
    return;
  end if;
  if built_to < target then
    select n.* into v_next
    from ves_int.next_projected_events(
      v_build.tenant_id, v_build.store_id, v_build.stream, built_to,
      least(v_most, target - built_to - (not v_is_last)::integer)::integer,
      array[v_build.projector]) as n;
    perform ves_int.project_batch(
      v_build.tenant_id, v_build.store_id, v_build.stream,
      ves_int.place_retries(
        v_build.tenant_id, v_build.store_id, v_build.stream, built_to, v_next.upto, v_next.events,
        array[v_build.projector]),
      array[v_build.projector], array[built_to], array[v_build.generation]);
    built_to := v_next.upto;
  end if;
  phase := case when built_to = target then 'deleting' else 'building' end;
  if phase = 'deleting' then
    update ves_store.projection_checkpoints as c set is_live = false, updated_at = clock_timestamp()
    where c.tenant_id = v_live.tenant_id and c.store_id = v_live.store_id and c.stream = v_live.stream
      and c.projector = v_live.projector and c.generation = v_live.generation;
  end if;
  update ves_store.projection_checkpoints as c
  set
    last_projected_sequence = built_to, is_live = rebuild_projection.phase = 'deleting',
    updated_at = clock_timestamp()
  where c.tenant_id = v_build.tenant_id and c.store_id = v_build.store_id and c.stream = v_build.stream
    and c.projector = v_build.projector and c.generation = v_build.generation;
  return next;
end
$$;

comment on function ves.rebuild_projection(uuid, uuid, text, text, integer, jsonb) is
'One step of building a projection anew from the log (operations 5): call it until phase is done. building: numbers up to built_to of target are applied to rows that nobody reads; then readers are switched to them at once; deleting: the old rows go. Reads and the projections worker go on meanwhile. The result is the same bytes, unless payloads were destroyed. Its start is audited. Errors: VE521 nothing is projected yet, VE204 in core mode, VE510, VE512.';
