create or replace function ves.list_projections(
  tenant_id uuid, store_id uuid, entity_type text, stream text default 'ves', after text default '',
  max_rows integer default 100
)
returns setof ves.projection
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select p.projector, p.entity_id, p.stream, p.version, p.sequence_number, c.last_projected_sequence,
    ves_int.projected_entity(p.projector, p.entity_id, p.version, p.created_at, p.updated_at, p.state)
  from ves_store.projection_checkpoints as c
  cross join lateral (
    select s.*, sum(octet_length(s.state::text)) over (order by s.entity_id) - octet_length(s.state::text) as before
    from (
      select r.* from ves_store.projections as r
      where r.tenant_id = c.tenant_id and r.store_id = c.store_id and r.stream = c.stream
        and r.projector = c.projector and r.generation = c.generation
        and r.entity_id > coalesce(list_projections.after, '')
      order by r.entity_id
      limit least(greatest(list_projections.max_rows, 1), 1000)
    ) as s
  ) as p
  where c.tenant_id = list_projections.tenant_id and c.store_id = list_projections.store_id
    and c.stream = list_projections.stream and c.projector = list_projections.entity_type and c.is_live
    and p.before < 4194304
  order by p.entity_id;
$$;

comment on function ves.list_projections(uuid, uuid, text, text, text, integer) is
'Entities of one type in a stream as ves.get_projection answers them, by id (in the order of the database''s text) after the given one; 1 to 1,000 rows and 4 MiB of states, at least one.';
