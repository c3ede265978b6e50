-- Locks (sql/README.md): the row of projection_checkpoints of one projector.
create or replace function ves_int.retry_projection(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint,
  out reason text, out message text
)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_stream constant text := case when retry_projection.legacy then 'legacy' else 'ves' end;
  v_checkpoint ves_store.projection_checkpoints;
  v_event ves_int.projected_event;
  v_rejections ves_int.projection_rejection[];
begin
  if retry_projection.consumer <> 'projection' then
    perform ves_int.raise_error('invalid_field', '{"field": "consumer"}');
  end if;
  select e.* into v_event
  from ves_int.next_projected_events(
    retry_projection.tenant_id, retry_projection.store_id, v_stream, retry_projection.sequence_number - 1, 1,
    array(select p.name from ves_store.projectors as p where p.state = 'active')) as n
  cross join lateral unnest(n.events) as e;
  select c.* into strict v_checkpoint from ves_store.projection_checkpoints as c
  where c.tenant_id = retry_projection.tenant_id and c.store_id = retry_projection.store_id
    and c.stream = v_stream and c.projector = v_event.entity_type and c.is_live
  for update;
  insert into ves_store.projection_retries (tenant_id, store_id, stream, sequence_number, position)
  values (
    retry_projection.tenant_id, retry_projection.store_id, v_stream, retry_projection.sequence_number,
    v_checkpoint.last_projected_sequence)
  returning position, attempt into v_event.position, v_event.attempt;
  v_rejections := ves_int.project_batch(
    retry_projection.tenant_id, retry_projection.store_id, v_stream, array[v_event],
    array[v_event.entity_type], array[v_event.position - 1], array[v_checkpoint.generation]);
  if cardinality(v_rejections) > 0 then
    reason := ves_int.dead_letter_reason(v_rejections[1].code);
    message := v_rejections[1].message;
    delete from ves_store.projection_retries as r
    where r.tenant_id = retry_projection.tenant_id and r.store_id = retry_projection.store_id
      and r.stream = v_stream and r.sequence_number = retry_projection.sequence_number;
  end if;
end
$$;

comment on function ves_int.retry_projection(text, uuid, uuid, boolean, bigint) is
'Applies a rejected event after all that were projected so far (operations 7; ves_store.retry_handlers), and records where, so that a rebuild does the same; reason null: it was applied.';
