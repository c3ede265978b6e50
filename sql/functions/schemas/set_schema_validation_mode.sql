-- Locks (sql/README.md): the row of schema_validation, then 7.
create or replace function ves.set_schema_validation_mode(mode text, context jsonb default null)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before text;
begin
  if set_schema_validation_mode.mode is null
    or set_schema_validation_mode.mode not in ('disabled', 'warn', 'enforce', 'required') then
    perform ves_int.raise_error('invalid_field', '{"field": "mode"}');
  end if;
  select v.mode into strict v_before from ves_store.schema_validation as v for update;
  if v_before = set_schema_validation_mode.mode then
    return false;
  end if;
  update ves_store.schema_validation as v set mode = set_schema_validation_mode.mode;
  perform ves_int.audit(
    'config_updated', null, 'schema_validation', 'mode',
    jsonb_build_object('before', v_before, 'after', set_schema_validation_mode.mode),
    set_schema_validation_mode.context);
  return true;
end
$$;

comment on function ves.set_schema_validation_mode(text, jsonb) is
'Sets how ves.ingest_signed_request and ves.ingest_legacy_request check payloads against schemas, for the whole database (operations 6.3): disabled, warn, enforce (the default) or required. Audited; answers whether anything changed. The API has its own mode, SCHEMA_VALIDATION_MODE. Errors: VE007.';
