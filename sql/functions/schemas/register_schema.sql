-- Compares under the registry's lock, so no other version can come between.
create or replace function ves.register_schema(
  tenant_id uuid, event_type text, schema_json json, description text default null,
  compatibility text default null, context jsonb default null
)
returns ves.event_schema
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_versions integer[];
  v_earlier text[];
begin
  if (select s.mode from ves_store.schema_state as s) <> 'full' then
    perform ves_int.raise_error(
      'crypto_unavailable', '{}',
      'This database has no PL/Python: it can neither compile nor compare schemas; register them over the API (core mode)');
  end if;
  perform ves_int.check_schema_fields(
    register_schema.tenant_id, register_schema.event_type, register_schema.schema_json, register_schema.description,
    register_schema.compatibility);
  perform ves_int.advance_schema_epoch(register_schema.tenant_id);
  if coalesce(register_schema.compatibility, 'none') <> 'none' then
    select array_agg(c.version), array_agg(c.schema_json::text) into v_versions, v_earlier
    from ves_int.compared_schemas(register_schema.tenant_id, register_schema.event_type) as c;
  end if;
  perform ves_int.check_schema(
    register_schema.schema_json::text, coalesce(register_schema.compatibility, 'none'), v_versions, v_earlier);
  return ves_int.add_schema(
    register_schema.tenant_id, register_schema.event_type, register_schema.schema_json, register_schema.description,
    register_schema.compatibility, null, session_user::text, register_schema.context);
end
$$;

comment on function ves.register_schema(uuid, text, json, text, text, jsonb) is
'Registers the next version of an event type''s JSON Schema: it must compile and, if a compatibility mode is stated (backward, forward, full), fit the earlier versions (operations 6.2). Without one nothing is compared and backward is stored. Errors: VE631 does not compile or is too costly, VE632 incompatible, VE633 over 100 KiB, VE007, VE204 in core mode.';
