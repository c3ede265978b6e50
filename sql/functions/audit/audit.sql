-- Locks (sql/README.md): 7.
create or replace function ves_int.audit(
  action text, tenant_id uuid, resource_type text, resource_id text, details jsonb, context jsonb,
  success boolean default true, error_message text default null
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_entry ves_store.audit_log;
  v_is_api constant boolean := pg_has_role(session_user, 'ves_api', 'usage');
begin
  if not (select s.enabled from ves_store.audit_switch as s) then
    return;
  end if;
  if jsonb_typeof(audit.context) not in ('object', 'null') then
    perform ves_int.raise_error('invalid_field', '{"field": "context"}');
  end if;
  v_entry.tenant_id := coalesce(audit.tenant_id, '00000000-0000-0000-0000-000000000000');
  v_entry.id := gen_random_uuid();
  v_entry.action := audit.action;
  v_entry.actor_type := coalesce(audit.context ->> 'actor_type', 'database');
  if v_entry.actor_type not in ('api_key', 'jwt', 'bootstrap', 'public', 'cli', 'database') then
    perform ves_int.raise_error('invalid_field', '{"field": "context"}');
  end if;
  -- only the API knows whose key or token it was
  if v_entry.actor_type not in ('cli', 'database') and not v_is_api then
    perform ves_int.raise_error('insufficient_permissions', '{}', 'Only the API records a credential as the actor');
  end if;
  v_entry.database_role := session_user::text;
  v_entry.actor := nullif(audit.context ->> 'actor', '');
  if v_entry.actor_type = 'database' and not v_is_api then
    v_entry.actor := session_user::text || coalesce(' (' || nullif(v_entry.actor, session_user) || ')', '');
  end if;
  v_entry.actor := left(coalesce(v_entry.actor, session_user::text), 256);
  v_entry.resource_type := left(audit.resource_type, 128);
  v_entry.resource_id := left(audit.resource_id, 512);
  v_entry.request_id := left(audit.context ->> 'request_id', 128);
  v_entry.ip_address := left(audit.context ->> 'ip_address', 64);
  v_entry.user_agent := left(audit.context ->> 'user_agent', 512);
  v_entry.details := coalesce(audit.details, '{}');
  v_entry.success := coalesce(audit.success, true);
  v_entry.error_message := left(audit.error_message, 1024);

  -- The head's row is the lock of the tenant's chain, held until commit; nothing is locked after it.
  perform from ves_store.audit_heads as h where h.tenant_id = v_entry.tenant_id for update;
  if not found then
    insert into ves_store.audit_heads (tenant_id) values (v_entry.tenant_id) on conflict do nothing;
    perform from ves_store.audit_heads as h where h.tenant_id = v_entry.tenant_id for update;
  end if;
  -- Not from the head: that moves at the commit (ves_int.tg_audit_log__move_head).
  select a.number + 1, a.hash into v_entry.number, v_entry.previous_hash
  from ves_store.audit_log as a where a.tenant_id = v_entry.tenant_id order by a.number desc limit 1;
  v_entry.number := coalesce(v_entry.number, 1);
  v_entry.previous_hash := coalesce(v_entry.previous_hash, decode(repeat('00', 32), 'hex'));
  v_entry.timestamp := clock_timestamp();
  v_entry.hash := ves_int.audit_hash(v_entry);
  insert into ves_store.audit_log select (v_entry).*;
end
$$;

comment on function ves_int.audit(text, uuid, text, text, jsonb, jsonb, boolean, text) is
'Writes one audit entry in the caller''s transaction, so what was done and its entry stand or fall together. context is {"actor", "actor_type", "request_id", "ip_address", "user_agent"}; null: the session''s role, type database. A session that is not of ves_api gives neither a type other than cli and database (VE105) nor, of type database, an actor that does not start with its role. Long texts are cut. Call it last: it holds the lock of the tenant''s chain until the commit. Errors: VE007 for a context of another shape; an action that is not of operations 8 fails by its constraint.';
