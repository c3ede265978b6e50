-- Minting (http-api 7.3): the rights of the new key are never more than those of the caller.
create or replace function ves.create_api_key(
  key_hash text, tenant_id uuid, store_ids uuid[] default '{}', agent_id uuid default null,
  can_read boolean default true, can_write boolean default false, can_admin boolean default false,
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
  v_own record;
  v_store_ids uuid[] := create_api_key.store_ids;
  v_can_write boolean := create_api_key.can_write;
  v_rate_limit integer := create_api_key.rate_limit;
  v_budget_of text;
  v_tenant_id constant uuid := ves_int.managed_tenant(
    create_api_key.caller, create_api_key.tenant_id, create_api_key.agent_id);
begin
  if create_api_key.caller is not null then
    select c.* into v_own
    from jsonb_to_record(create_api_key.caller) as c (
      key_hash text, store_ids uuid[], can_write boolean, can_admin boolean, rate_limit integer
    );
    v_store_ids := coalesce(v_store_ids, array(select s from unnest(v_own.store_ids) as s order by s));
    v_can_write := coalesce(v_can_write, v_own.can_write);
    if v_rate_limit is null and v_own.can_admin is not true then
      v_rate_limit := v_own.rate_limit;
    end if;
    perform ves_int.check_caller_covers(
      create_api_key.caller, v_store_ids, create_api_key.can_read, v_can_write, create_api_key.can_admin,
      v_rate_limit);
    -- otherwise each minted key would be a budget more
    if v_own.can_admin is not true and v_own.rate_limit is not null then
      v_budget_of := (
        select coalesce(k.budget_of, k.key_hash) from ves_store.api_keys as k where k.key_hash = v_own.key_hash
      );
    end if;
  end if;
  if num_nulls(create_api_key.key_hash, v_tenant_id, create_api_key.can_read, v_can_write,
    create_api_key.can_admin) > 0
  then
    perform ves_int.raise_error('missing_field', '{"field": "key_hash, tenant_id, can_read, can_write, can_admin"}');
  end if;
  perform ves_int.store_api_key(
    create_api_key.key_hash, v_tenant_id, v_store_ids, create_api_key.agent_id,
    create_api_key.can_read, v_can_write, create_api_key.can_admin, v_rate_limit, v_budget_of
  );
  perform ves_int.audit(
    'api_key_created', v_tenant_id, 'api_key', left(create_api_key.key_hash, 16),
    ves_int.api_key_details(create_api_key.key_hash), create_api_key.context
  );
  return ves_int.api_key_details(create_api_key.key_hash);
end
$$;

comment on function ves.create_api_key(
  text, uuid, uuid[], uuid, boolean, boolean, boolean, integer, jsonb, jsonb
) is
'Stores an API key by the lower-case hex SHA-256 of the whole key string; the key itself stays with the caller. The three rights are independent of each other. caller {key_hash?, tenant_id, agent_id?, store_ids, can_read, can_write, can_admin, rate_limit?} is the credential that mints (key_hash: of an API key): it must be the agent''s own or an administrator''s, covers every right of the new key, and what is null (store_ids, can_write, rate_limit) is inherited from it; null is an operator. A key minted by a limited key that is no administrator''s shares its count of requests. Answers {agent_id?, store_ids, can_read, can_write, can_admin, active, rate_limit?}. Audited as api_key_created. Errors: VE111 exists, VE007, VE912 too many; with a caller VE105, VE106, VE107, VE112.';
