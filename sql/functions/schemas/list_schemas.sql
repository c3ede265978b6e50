create or replace function ves.list_schemas(tenant_id uuid, max_schemas integer default 1000)
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
        order by e.event_type collate "C", e.version desc rows between unbounded preceding and 1 preceding
      ) as bytes_before
    from (
      select v.*
      from ves_store.event_schemas as v
      where v.tenant_id = list_schemas.tenant_id
      order by v.event_type collate "C", v.version desc
      limit greatest(least(list_schemas.max_schemas, 1000), 0)
    ) as e
  ) as s
  where coalesce(s.bytes_before, 0) < 16777216
  order by s.event_type collate "C", s.version desc;
$$;

comment on function ves.list_schemas(uuid, integer) is
'Schemas of a tenant by event type (byte order), newest version first; at most 1000 and 16 MiB, at least one if there is one (operations 6).';
