create or replace function ves.set_schema_status(
  tenant_id uuid, schema_id uuid, status text, context jsonb default null
)
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
  if set_schema_status.status is null or set_schema_status.status not in ('active', 'deprecated', 'archived') then
    perform ves_int.raise_error('invalid_field', '{"field": "status"}');
  end if;
  perform ves_int.advance_schema_epoch(set_schema_status.tenant_id);
  select s.* into v_schema
  from ves_store.event_schemas as s
  where s.schema_id = set_schema_status.schema_id and s.tenant_id = set_schema_status.tenant_id;
  if not found then
    perform ves_int.raise_error('schema_not_found');
  end if;
  update ves_store.event_schemas as s
  set status = set_schema_status.status, updated_at = now()
  where s.schema_id = v_schema.schema_id and s.tenant_id = v_schema.tenant_id;
  perform ves_int.audit(
    'schema_updated', v_schema.tenant_id, 'schema', v_schema.schema_id::text,
    jsonb_build_object(
      'event_type', v_schema.event_type, 'version', v_schema.version, 'old_status', v_schema.status,
      'new_status', set_schema_status.status),
    set_schema_status.context);
end
$$;

comment on function ves.set_schema_status(uuid, uuid, text, jsonb) is
'Makes a schema of a tenant active, deprecated or archived; any may follow any. Takes effect in every process at commit: ingest checks the newest active version. Errors: VE630 not found, VE007.';
