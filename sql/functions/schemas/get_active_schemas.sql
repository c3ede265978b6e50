create or replace function ves.get_active_schemas(tenant_id uuid, event_types text[])
returns table (schema_epoch bigint, event_type text, schema_id uuid, version integer, schema_json json)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    coalesce((select e.epoch from ves_store.schema_epochs as e where e.tenant_id = get_active_schemas.tenant_id), 0),
    t.event_type, n.schema_id, n.version, n.schema_json
  from (select distinct u.event_type from unnest(event_types) as u (event_type)) as t
  left join lateral (
    select s.schema_id, s.version, s.schema_json
    from ves_store.event_schemas as s
    where s.tenant_id = get_active_schemas.tenant_id and s.event_type collate "C" = t.event_type and s.status = 'active'
    order by s.version desc
    limit 1
  ) as n on true;
$$;

comment on function ves.get_active_schemas(uuid, text[]) is
'The schemas that ingest checks, one row for each event type asked for (nulls: none active), with the schema epoch of the tenant at which they were read (0: it never had a schema).';
