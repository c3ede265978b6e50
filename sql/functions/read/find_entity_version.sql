create or replace function ves.find_entity_version(
  tenant_id uuid, store_id uuid, entity_type text, entity_id text, version bigint
)
returns table (current_version bigint, sequence_number bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select count(*), min(n.sequence_number) filter (where n.position = find_entity_version.version)
  from (
    select e.sequence_number, row_number() over (order by e.sequence_number) as position
    from ves_store.ves_events as e
    where e.tenant_id = find_entity_version.tenant_id and e.store_id = find_entity_version.store_id
      and e.entity_type = find_entity_version.entity_type and e.entity_id = find_entity_version.entity_id
  ) as n;
$$;

comment on function ves.find_entity_version(uuid, uuid, text, text, bigint) is
'How many VES events an entity has in a stream, and the number of the one at a 1-based position, null beyond the last (grpc-api 3.3). Reads the index of the whole stream: a VES event has no index on its entity.';
