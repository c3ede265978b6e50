create or replace function ves.list_schemas(tenant_id uuid, max_schemas integer default 1000)
returns setof ves.event_schema
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.*
  from ves_store.event_schemas as s
  where s.tenant_id = list_schemas.tenant_id
  order by s.event_type collate "C", s.version desc
  limit greatest(least(list_schemas.max_schemas, 1000), 0);
$$;

comment on function ves.list_schemas(uuid, integer) is
'Schemas of a tenant by event type (byte order), newest version first; at most 1000.';
