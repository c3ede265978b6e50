create or replace function ves.revoke_agent_key(tenant_id uuid, agent_id uuid, key_id integer)
returns timestamptz
language plpgsql
volatile
security definer
set search_path to ''
as $$
#variable_conflict use_column
declare
  v_revoked_at timestamptz;
begin
  update ves_store.agent_signing_keys as k
  set status = 'revoked', revoked_at = coalesce(k.revoked_at, clock_timestamp())
  where k.tenant_id = revoke_agent_key.tenant_id and k.agent_id = revoke_agent_key.agent_id
    and k.key_id = revoke_agent_key.key_id
  returning k.revoked_at into v_revoked_at;
  if not found then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  return v_revoked_at;
end
$$;

comment on function ves.revoke_agent_key(uuid, uuid, integer) is
'Revokes an agent key; every later ingest call in any process refuses it. A repeat keeps the first instant. Error VE203.';
