create or replace function ves.delete_schema(tenant_id uuid, schema_id uuid, context jsonb default null)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_schema ves_store.event_schemas;
begin
  if delete_schema.tenant_id is null then
    perform ves_int.raise_error('missing_field', '{"field": "tenant_id"}');
  end if;
  perform ves_int.advance_schema_epoch(delete_schema.tenant_id);
  delete from ves_store.event_schemas as s
  where s.schema_id = delete_schema.schema_id and s.tenant_id = delete_schema.tenant_id
  returning s.* into v_schema;
  if not found then
    perform ves_int.raise_error('schema_not_found');
  end if;
  perform ves_int.audit(
    'schema_deleted', v_schema.tenant_id, 'schema', v_schema.schema_id::text,
    jsonb_build_object('event_type', v_schema.event_type, 'version', v_schema.version, 'status', v_schema.status),
    delete_schema.context);
end
$$;

comment on function ves.delete_schema(uuid, uuid, jsonb) is
'Deletes a schema of a tenant, at once in every process. Stored events stay as they are. Errors: VE630 not found.';
