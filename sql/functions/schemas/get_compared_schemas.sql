create or replace function ves.get_compared_schemas(tenant_id uuid, event_type text)
returns table (highest_version integer, version integer, schema_json json)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select h.highest, c.version, c.schema_json
  from (
    select coalesce(max(s.version), 0) as highest from ves_store.event_schemas as s
    where s.tenant_id = get_compared_schemas.tenant_id and s.event_type collate "C" = get_compared_schemas.event_type
  ) as h
  left join ves_int.compared_schemas(get_compared_schemas.tenant_id, get_compared_schemas.event_type) as c on true
  order by c.version desc;
$$;

comment on function ves.get_compared_schemas(uuid, text) is
'What an edge compares a new schema with before ves.store_schema: the newest 100 versions that are not archived, newest first, each beside the highest version there is (the checked_version). One row with nulls when there is nothing to compare with.';
