create or replace function ves.list_schema_versions(
  tenant_id uuid, event_type text, version integer default null
)
returns setof ves.event_schema
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.*
  from ves_store.event_schemas as s
  where s.tenant_id = list_schema_versions.tenant_id and s.event_type = list_schema_versions.event_type
    and (list_schema_versions.version is null or s.version = list_schema_versions.version)
  order by s.version desc
  limit 1000;
$$;

comment on function ves.list_schema_versions(uuid, text, integer) is
'Versions of an event type''s schema, newest first, at most 1000; only one of them if version is given.';
