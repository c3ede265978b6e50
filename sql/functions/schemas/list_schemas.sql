create or replace function ves.list_schemas(tenant_id uuid, max_schemas integer default 1000)
returns setof ves.event_schema
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    s.schema_id, s.tenant_id, s.event_type, s.version, s.schema_json, s.status, s.compatibility, s.description,
    s.created_at, s.updated_at, s.created_by
  from ves_store.event_schemas as s
  where s.tenant_id = list_schemas.tenant_id
  order by s.event_type collate "C", s.version desc
  limit greatest(least(list_schemas.max_schemas, 1000), 0);
$$;

comment on function ves.list_schemas(uuid, integer) is
'Schemas of a tenant by event type (byte order), newest version first; at most 1000.';
