-- Locks (sql/README.md): the row of the key, then credential_epochs, then 7.
create or replace function ves.update_api_key(
  key_hash_prefix text, tenant_id uuid, agent_id uuid default null, store_ids uuid[] default null,
  can_read boolean default null, can_write boolean default null, can_admin boolean default null,
  rate_limit integer default null, context jsonb default null, caller jsonb default null
)
returns jsonb
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_key ves_store.api_keys;
  v_before jsonb;
  v_after jsonb;
  v_tenant_id constant uuid := ves_int.managed_tenant(
    update_api_key.caller, update_api_key.tenant_id, update_api_key.agent_id);
begin
  perform ves_int.check_api_key_grants(update_api_key.store_ids, nullif(update_api_key.rate_limit, 0));
  select k.* into v_key from ves_store.api_keys as k
  where k.active and k.key_hash = (
    select ves_int.find_api_key(update_api_key.key_hash_prefix, v_tenant_id, update_api_key.agent_id)
  )
  for update;
  if not found then
    return null;
  end if;
  -- a rate limit is no right: a key with a higher one is covered
  perform ves_int.check_caller_covers(
    update_api_key.caller, v_key.store_ids, v_key.can_read, v_key.can_write, v_key.can_admin, 1);
  v_before := ves_int.api_key_details(v_key.key_hash);
  update ves_store.api_keys as k
  set store_ids = coalesce(update_api_key.store_ids, k.store_ids),
    can_read = coalesce(update_api_key.can_read, k.can_read),
    can_write = coalesce(update_api_key.can_write, k.can_write),
    can_admin = coalesce(update_api_key.can_admin, k.can_admin),
    rate_limit = case
      when update_api_key.rate_limit is null then k.rate_limit else nullif(update_api_key.rate_limit, 0) end,
    -- a limit that an operator or administrator gives is a budget of the key's own
    budget_of = case
      when update_api_key.rate_limit is null or update_api_key.rate_limit > 0
        and (update_api_key.caller ->> 'can_admin')::boolean is false
        then k.budget_of
    end,
    updated_at = now()
  where k.key_hash = v_key.key_hash
  returning k.* into v_key;
  perform ves_int.check_caller_covers(
    update_api_key.caller, v_key.store_ids, v_key.can_read, v_key.can_write, v_key.can_admin, v_key.rate_limit);
  v_after := ves_int.api_key_details(v_key.key_hash);
  perform ves_int.audit(
    'api_key_updated', v_tenant_id, 'api_key', left(v_key.key_hash, 16),
    jsonb_build_object('before', v_before, 'after', v_after), update_api_key.context
  );
  return v_after || jsonb_build_object('key_hash_prefix', left(v_key.key_hash, 16));
end
$$;

comment on function ves.update_api_key(text, uuid, uuid, uuid[], boolean, boolean, boolean, integer, jsonb, jsonb) is
'Changes what the tenant''s first active key (of an agent, if named) whose hash starts with the prefix of 8 to 64 hex digits may do. Null keeps a value; store_ids {} means all stores, rate_limit 0 none; a limit that an operator or administrator sets has a count of its own (ves.create_api_key). Answers {key_hash_prefix, agent_id?, store_ids, can_read, can_write, can_admin, active, rate_limit?}, or null: a revoked key is not found and never comes back. caller is the credential that changes it, as in ves.create_api_key: its rights must cover those of the key before (but for the limit) and after; null is an operator. The nil tenant means that of the agent. Takes effect in every process at commit. Audited as api_key_updated. Errors: VE007; with a caller VE105, VE106, VE107, VE112.';
