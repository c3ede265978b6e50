create or replace function ves.get_schema(tenant_id uuid, schema_id uuid)
returns setof ves.event_schema
language sql
stable
security definer
rows 1
set search_path to pg_catalog, pg_temp
as $$
  select s.*
  from ves_store.event_schemas as s
  where s.schema_id = get_schema.schema_id
    and get_schema.tenant_id in (s.tenant_id, '00000000-0000-0000-0000-000000000000');
$$;

comment on function ves.get_schema(uuid, uuid) is
'One schema of a tenant; the nil tenant looks in all (bootstrap administrator). No row when there is none.';
