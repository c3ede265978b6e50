create or replace function ves_int.log_group_change(
  action text, tenant_id uuid, group_id uuid, actor_agent_id uuid, target_agent_id uuid, metadata jsonb,
  context jsonb
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  insert into ves_store.group_key_audit_log (
    tenant_id, group_id, action, actor_agent_id, target_agent_id, metadata
  )
  values (
    log_group_change.tenant_id, log_group_change.group_id, log_group_change.action,
    log_group_change.actor_agent_id, log_group_change.target_agent_id,
    jsonb_strip_nulls(coalesce(log_group_change.metadata, '{}'::jsonb))
  );
  perform ves_int.audit(
    'custom:encryption_' || log_group_change.action, log_group_change.tenant_id, 'encryption_group',
    log_group_change.group_id::text,
    jsonb_strip_nulls(coalesce(log_group_change.metadata, '{}'::jsonb)
      || jsonb_build_object('agent_id', log_group_change.target_agent_id)),
    log_group_change.context);
end
$$;

comment on function ves_int.log_group_change(text, uuid, uuid, uuid, uuid, jsonb, jsonb) is
'Writes group_key_audit_log and audit_log. Call it last: it holds the lock of the tenant''s audit chain.';
