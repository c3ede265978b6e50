create or replace function ves.create_api_key(
  key_hash text, tenant_id uuid, store_ids uuid[] default '{}', agent_id uuid default null,
  can_read boolean default true, can_write boolean default false, can_admin boolean default false,
  rate_limit integer default null
)
returns void
language plpgsql
volatile
security definer
set search_path to ''
as $$
#variable_conflict use_column
begin
  if create_api_key.key_hash !~ '^[0-9a-f]{64}$' then
    perform ves_int.raise_error('invalid_field', '{"field": "key_hash"}');
  end if;
  if create_api_key.rate_limit <= 0 then
    perform ves_int.raise_error('invalid_field', '{"field": "rateLimit"}');
  end if;
  insert into ves_store.api_keys (
    key_hash, tenant_id, store_ids, agent_id, can_read, can_write, can_admin, rate_limit
  )
  values (
    create_api_key.key_hash, create_api_key.tenant_id, coalesce(create_api_key.store_ids, '{}'),
    create_api_key.agent_id, create_api_key.can_read, create_api_key.can_write, create_api_key.can_admin,
    create_api_key.rate_limit
  )
  on conflict (key_hash) do nothing;
  if not found then
    perform ves_int.raise_error('api_key_exists');
  end if;
end
$$;

comment on function ves.create_api_key(text, uuid, uuid[], uuid, boolean, boolean, boolean, integer) is
'Stores an API key by the lower-case hex SHA-256 of the whole key string; the key itself stays with the caller. Errors: VE111 exists, VE007.';
