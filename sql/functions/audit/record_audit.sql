create or replace function ves.record_audit(
  action text, tenant_id uuid, resource_type text, resource_id text, details jsonb default null,
  success boolean default true, error_message text default null, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  if coalesce(record_audit.success, true) and record_audit.action !~ '^(login_success|token_refreshed|custom:.*)$' then
    perform ves_int.raise_error('invalid_field', '{"field": "action"}');
  end if;
  perform ves_int.audit(
    record_audit.action, record_audit.tenant_id, record_audit.resource_type, record_audit.resource_id,
    record_audit.details, record_audit.context, record_audit.success, record_audit.error_message);
exception
  when check_violation or not_null_violation then
    perform ves_int.raise_error('invalid_field', '{"field": "action"}');
end
$$;

comment on function ves.record_audit(text, uuid, text, text, jsonb, boolean, text, jsonb) is
'Writes an audit entry for what changes nothing in the database: logins, custom:<name>, and attempts that failed (a failed change rolls its own entry back). A success of any other action is written only by the function that does it. Errors: VE007.';
