create or replace function ves_int.log_key_change(
  action text, tenant_id uuid, agent_id uuid, key_type text, old_key_id integer, new_key_id integer,
  details jsonb, context jsonb
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_type constant text := coalesce(log_key_change.context ->> 'actor_type', 'database');
begin
  insert into ves_store.key_rotation_audit_log (
    tenant_id, agent_id, key_type, action, old_key_id, new_key_id, actor_type, actor_id, metadata
  )
  values (
    log_key_change.tenant_id, log_key_change.agent_id, log_key_change.key_type, log_key_change.action,
    log_key_change.old_key_id, log_key_change.new_key_id,
    case
      when v_type in ('system', 'agent') then v_type
      when v_type in ('database', 'cli') then 'admin'
      else 'api'
    end,
    coalesce(log_key_change.context ->> 'actor', session_user), coalesce(log_key_change.details, '{}')
  );
end
$$;

comment on function ves_int.log_key_change(text, uuid, uuid, text, integer, integer, jsonb, jsonb) is
'Writes key_rotation_audit_log: what happened to a key and who did it.';
