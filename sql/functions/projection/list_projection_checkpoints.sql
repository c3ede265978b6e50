create or replace function ves.list_projection_checkpoints(
  tenant_id uuid, store_id uuid, projector text default null, stream text default null
)
returns table (
  stream text, projector text, generation integer, is_live boolean, last_projected_sequence bigint,
  head_sequence bigint, updated_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select c.stream, c.projector, c.generation, c.is_live, c.last_projected_sequence,
    (select s.head_sequence from ves.get_stream_state(c.tenant_id, c.store_id, c.stream = 'legacy') as s),
    c.updated_at
  from ves_store.projection_checkpoints as c
  where c.tenant_id = list_projection_checkpoints.tenant_id
    and c.store_id = list_projection_checkpoints.store_id
    and (list_projection_checkpoints.projector is null or c.projector = list_projection_checkpoints.projector)
    and (list_projection_checkpoints.stream is null or c.stream = list_projection_checkpoints.stream)
  order by c.stream, c.projector, c.generation;
$$;

comment on function ves.list_projection_checkpoints(uuid, uuid, text, text) is
'How far the projectors have come in the streams of a store (operations 5.1), and the streams'' heads. A row that is not live is a rebuild (ves.rebuild_projection).';
