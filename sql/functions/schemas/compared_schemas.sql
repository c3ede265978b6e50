create or replace function ves_int.compared_schemas(tenant_id uuid, event_type text)
returns table (version integer, schema_json json)
language sql
stable
rows 10
set search_path to pg_catalog, pg_temp
as $$
  select s.version, s.schema_json
  from ves_store.event_schemas as s
  where s.tenant_id = compared_schemas.tenant_id and s.event_type collate "C" = compared_schemas.event_type
    and s.status <> 'archived'
  order by s.version desc
  limit 100;
$$;

comment on function ves_int.compared_schemas(uuid, text) is
'The versions with which a new one is compared: those not archived, the newest 100 of them, newest first.';
