create or replace function ves.list_schema_versions(
  tenant_id uuid, event_type text, version integer default null
)
returns setof ves.event_schema
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    s.schema_id, s.tenant_id, s.event_type, s.version, s.schema_json, s.status, s.compatibility, s.description, s.created_at,
    s.updated_at, s.created_by
  from (
    select
      e.*, sum(octet_length(e.schema_json::text)) over (
        order by e.version desc rows between unbounded preceding and 1 preceding
      ) as bytes_before
    from (
      select v.*
      from ves_store.event_schemas as v
      where v.tenant_id = list_schema_versions.tenant_id and v.event_type collate "C" = list_schema_versions.event_type
        and (list_schema_versions.version is null or v.version = list_schema_versions.version)
      order by v.version desc
      limit 1000
    ) as e
  ) as s
  where coalesce(s.bytes_before, 0) < 16777216
  order by s.version desc;
$$;

comment on function ves.list_schema_versions(uuid, text, integer) is
'Versions of an event type''s schema, newest first, at most 1000 and 16 MiB, at least one if there is one; only one of them if version is given (operations 6).';
