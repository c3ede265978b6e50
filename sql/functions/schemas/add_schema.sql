-- Locks the tenant's registry, then counts: the second of two concurrent registrations sees the first one's
-- version.
create or replace function ves_int.add_schema(
  tenant_id uuid, event_type text, schema_json json, description text, compatibility text,
  checked_version integer, created_by text, context jsonb
)
returns ves.event_schema
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_version integer;
  v_schema ves.event_schema;
begin
  perform ves_int.check_schema_fields(
    add_schema.tenant_id, add_schema.event_type, add_schema.schema_json, add_schema.description,
    add_schema.compatibility);
  perform ves_int.advance_schema_epoch(add_schema.tenant_id);
  select coalesce(max(s.version), 0) into v_version
  from ves_store.event_schemas as s
  where s.tenant_id = add_schema.tenant_id and s.event_type collate "C" = add_schema.event_type;
  if v_version <> add_schema.checked_version then
    perform ves_int.raise_error('schema_version_moved', jsonb_build_object('version', v_version));
  end if;
  insert into ves_store.event_schemas as s (
    tenant_id, schema_id, event_type, version, schema_json, compatibility, description, created_by
  )
  values (
    add_schema.tenant_id, gen_random_uuid(), add_schema.event_type, v_version + 1, add_schema.schema_json,
    coalesce(add_schema.compatibility, 'backward'), add_schema.description, add_schema.created_by
  )
  returning s.*
  into v_schema;
  perform ves_int.audit(
    'schema_registered', v_schema.tenant_id, 'schema', v_schema.schema_id::text,
    jsonb_build_object(
      'event_type', v_schema.event_type, 'version', v_schema.version, 'compatibility', v_schema.compatibility,
      'compared', add_schema.compatibility is not null),
    add_schema.context);
  return v_schema;
end
$$;

comment on function ves_int.add_schema(uuid, text, json, text, text, integer, text, jsonb) is
'Stores the next version of a schema and says so in the audit log. checked_version, unless null, must still be the highest version. Errors: VE635, VE007, VE633.';
