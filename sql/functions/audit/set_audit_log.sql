-- Locks (sql/README.md): the row of audit_switch, then 7.
create or replace function ves.set_audit_log(enabled boolean, context jsonb default null)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before boolean;
begin
  if set_audit_log.enabled is null then
    perform ves_int.raise_error('invalid_field', '{"field": "enabled"}');
  end if;
  select s.enabled into strict v_before from ves_store.audit_switch as s for update;
  if v_before = set_audit_log.enabled then
    return false;
  end if;
  update ves_store.audit_switch as s set enabled = true;
  perform ves_int.audit(
    'config_updated', null, 'audit_log', 'enabled',
    jsonb_build_object('before', v_before, 'after', set_audit_log.enabled), set_audit_log.context);
  update ves_store.audit_switch as s set enabled = set_audit_log.enabled;
  return true;
end
$$;

comment on function ves.set_audit_log(boolean, jsonb) is
'Turns the audit log on or off for the whole database (AUDIT_LOG_ENABLED) and audits that, in either direction; whether anything changed. Errors: VE007.';
