-- Locks (sql/README.md): rows of projection_checkpoints of one stream, in order of projectors, then of dead
-- letters.
create or replace function ves_int.project_stream(
  tenant_id uuid, store_id uuid, stream text, max_events integer,
  out projected_to bigint, out seen integer, out rejected integer
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
  v_projectors text[];
  v_after bigint[];
  v_generations integer[];
  v_next record;
  v_rejections ves_int.projection_rejection[];
begin
  for v_attempt in 1 .. 2 loop
    select array_agg(l.projector order by l.projector), array_agg(l.done_to order by l.projector),
      array_agg(l.generation order by l.projector)
    into v_projectors, v_after, v_generations
    from (
      select c.projector, c.last_projected_sequence as done_to, c.generation
      from ves_store.projection_checkpoints as c
      where c.tenant_id = project_stream.tenant_id and c.store_id = project_stream.store_id
        and c.stream = project_stream.stream and c.is_live
      order by c.projector
      for update
    ) as l;
    exit when v_attempt = 2
      or cardinality(v_projectors)
      = (select count(*) from ves_store.projectors as p where p.state = 'active');
    insert into ves_store.projection_checkpoints (tenant_id, store_id, stream, projector)
    select project_stream.tenant_id, project_stream.store_id, project_stream.stream, p.name
    from ves_store.projectors as p
    where p.state = 'active' and not p.name = any(coalesce(v_projectors, '{}'))
    order by p.name
    on conflict do nothing;
  end loop;
  projected_to := (select min(a.number) from unnest(v_after) as a (number));
  select n.* into v_next
  from ves_int.next_projected_events(
    project_stream.tenant_id, project_stream.store_id, project_stream.stream, projected_to, max_events,
    v_projectors) as n;
  seen := (v_next.upto - projected_to)::integer;
  rejected := 0;
  if seen = 0 then
    return;
  end if;
  if cardinality(v_next.events) > 0 then
    v_rejections := ves_int.project_batch(
      project_stream.tenant_id, project_stream.store_id, project_stream.stream, v_next.events, v_projectors,
      v_after, v_generations);
    rejected := cardinality(v_rejections);
    if rejected > 0 then
      perform ves_int.reject_events(
        project_stream.tenant_id, project_stream.store_id, project_stream.stream, v_next.events,
        v_rejections);
    end if;
  end if;
  update ves_store.projection_checkpoints as c
  set last_projected_sequence = v_next.upto, updated_at = clock_timestamp()
  where c.tenant_id = project_stream.tenant_id and c.store_id = project_stream.store_id
    and c.stream = project_stream.stream and c.is_live and c.last_projected_sequence < v_next.upto;
  projected_to := v_next.upto;
end
$$;

comment on function ves_int.project_stream(uuid, uuid, text, integer) is
'Projects the next max_events numbers of a stream (ves, legacy), all projectors together: how far the slowest has come, how many numbers were looked at, how many events were rejected. Who comes second waits for the first. Errors: VE204 in core mode, VE510, VE512, VE520.';
