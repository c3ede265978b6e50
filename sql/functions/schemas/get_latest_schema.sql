create or replace function ves.get_latest_schema(tenant_id uuid, event_type text)
returns setof ves.event_schema
language sql
stable
security definer
rows 1
set search_path to pg_catalog, pg_temp
as $$
  select s.*
  from ves_store.event_schemas as s
  where s.tenant_id = get_latest_schema.tenant_id and s.event_type collate "C" = get_latest_schema.event_type
    and s.status = 'active'
  order by s.version desc
  limit 1;
$$;

comment on function ves.get_latest_schema(uuid, text) is
'The newest active schema of an event type, the one that ingest checks. No row when there is none.';
