-- Locks (sql/README.md): 5, then 7.
create or replace function ves.revoke_agent_key(
  tenant_id uuid, agent_id uuid, key_id integer, reason text default null, context jsonb default null
)
returns timestamptz
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_key ves_store.agent_signing_keys;
begin
  if octet_length(reason) > 1024 then
    perform ves_int.raise_error('invalid_field', '{"field": "reason"}', 'reason has more than 1,024 bytes');
  end if;
  select k.* into v_key
  from ves_store.agent_signing_keys as k
  where k.agent_id = revoke_agent_key.agent_id and k.key_id = revoke_agent_key.key_id
    and k.tenant_id = revoke_agent_key.tenant_id
  for update;
  if not found then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  if v_key.status <> 'revoked' then
    v_key := ves_int.retire_agent_key(v_key, true, interval '0', reason, null, context);
    perform ves_int.audit(
      'agent_key_revoked', tenant_id, 'agent_key', ves_int.key_name(agent_id, key_id),
      jsonb_strip_nulls(jsonb_build_object('reason', reason)), context);
  end if;
  return v_key.revoked_at;
end
$$;

comment on function ves.revoke_agent_key(uuid, uuid, integer, text, jsonb) is
'Revokes an agent key; every later ingest call in any process refuses it. Answers the instant; a repeat keeps the first one and changes nothing. reason has at most 1,024 bytes. Errors: VE203, VE007.';
