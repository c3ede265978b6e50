-- Locks (sql/README.md): the row of the key, then credential_epoch, then 7.
create or replace function ves.revoke_api_key(
  key_hash_prefix text, tenant_id uuid, agent_id uuid default null, context jsonb default null,
  caller jsonb default null
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_key ves_store.api_keys;
  v_tenant_id constant uuid := ves_int.managed_tenant(
    revoke_api_key.caller, revoke_api_key.tenant_id, revoke_api_key.agent_id);
begin
  select k.* into v_key from ves_store.api_keys as k
  where k.key_hash = (
    select ves_int.find_api_key(revoke_api_key.key_hash_prefix, v_tenant_id, revoke_api_key.agent_id)
  )
  for update;
  if not found then
    return 0;
  end if;
  -- a rate limit is no right: a key with a higher one is covered
  perform ves_int.check_caller_covers(
    revoke_api_key.caller, v_key.store_ids, v_key.can_read, v_key.can_write, v_key.can_admin, 1);
  update ves_store.api_keys as k set active = false, updated_at = now() where k.key_hash = v_key.key_hash;
  perform ves_int.audit(
    'api_key_revoked', v_tenant_id, 'api_key', left(v_key.key_hash, 16),
    ves_int.api_key_details(v_key.key_hash), revoke_api_key.context
  );
  return 1;
end
$$;

comment on function ves.revoke_api_key(text, uuid, uuid, jsonb, jsonb) is
'Revokes the tenant''s first key (of an agent, if named) whose hash starts with the prefix of 8 to 64 hex digits; answers 1 or 0. caller is the credential that revokes it, as in ves.create_api_key: its rights (but for the limit) must cover those of the key; null is an operator. The nil tenant means that of the agent. Takes effect in every process at commit, for ever. Audited as api_key_revoked. Errors: VE007; with a caller VE105, VE106, VE107, VE112.';
