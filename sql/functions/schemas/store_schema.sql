create or replace function ves.store_schema(
  tenant_id uuid, event_type text, schema_json json, description text default null,
  compatibility text default null, checked_version integer default null, context jsonb default null
)
returns ves.event_schema
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  return ves_int.add_schema(
    store_schema.tenant_id, store_schema.event_type, store_schema.schema_json, store_schema.description,
    store_schema.compatibility, store_schema.checked_version, null, store_schema.context);
end
$$;

comment on function ves.store_schema(uuid, text, json, text, text, integer, jsonb) is
'Stores the next version of an event type''s schema for an edge that has compiled it and, when a compatibility mode is stated, compared it with every version up to checked_version. Errors: VE635 there is a version that was not compared (nothing stored: compare again), VE007, VE633.';
