create or replace function ves.revoke_api_key(
  key_hash_prefix text, tenant_id uuid, agent_id uuid default null, context jsonb default null
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_key_hash constant text := ves_int.find_api_key(
    revoke_api_key.key_hash_prefix, revoke_api_key.tenant_id, revoke_api_key.agent_id);
begin
  if v_key_hash is null then
    return 0;
  end if;
  update ves_store.api_keys as k set active = false, updated_at = now() where k.key_hash = v_key_hash;
  perform ves_int.audit(
    'api_key_revoked', revoke_api_key.tenant_id, 'api_key', left(v_key_hash, 16),
    ves_int.api_key_details(v_key_hash), revoke_api_key.context
  );
  return 1;
end
$$;

comment on function ves.revoke_api_key(text, uuid, uuid, jsonb) is
'Revokes the tenant''s first key (of an agent, if named) whose hash starts with the prefix of 8 to 64 hex digits; answers 1 or 0. Takes effect in every process at commit, for ever. Audited as api_key_revoked. Errors: VE007.';
