create or replace function ves_int.store_api_key(
  key_hash text, tenant_id uuid, store_ids uuid[], agent_id uuid, can_read boolean, can_write boolean,
  can_admin boolean, rate_limit integer, budget_of text default null
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if coalesce(store_api_key.key_hash !~ '^[0-9a-f]{64}$', true) then
    perform ves_int.raise_error('invalid_field', '{"field": "key_hash"}');
  end if;
  if store_api_key.tenant_id is null then
    perform ves_int.raise_error('invalid_field', '{"field": "tenantId"}');
  end if;
  perform ves_int.check_api_key_grants(store_api_key.store_ids, store_api_key.rate_limit);
  insert into ves_store.api_keys (
    key_hash, tenant_id, store_ids, agent_id, can_read, can_write, can_admin, rate_limit, budget_of
  )
  values (
    store_api_key.key_hash, store_api_key.tenant_id, coalesce(store_api_key.store_ids, '{}'),
    store_api_key.agent_id, coalesce(store_api_key.can_read, false), coalesce(store_api_key.can_write, false),
    coalesce(store_api_key.can_admin, false), store_api_key.rate_limit, store_api_key.budget_of
  )
  on conflict (key_hash) do nothing;
  if not found then
    perform ves_int.raise_error('api_key_exists');
  end if;
end
$$;

comment on function ves_int.store_api_key(text, uuid, uuid[], uuid, boolean, boolean, boolean, integer, text) is
'Stores an API key, or refuses: VE111 exists, VE007 values that cannot be, VE912 too many.';
