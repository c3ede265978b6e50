create or replace function ves.create_api_key(
  key_hash text, tenant_id uuid, store_ids uuid[] default '{}', agent_id uuid default null,
  can_read boolean default true, can_write boolean default false, can_admin boolean default false,
  rate_limit integer default null, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  if num_nulls(create_api_key.key_hash, create_api_key.tenant_id, create_api_key.can_read, create_api_key.can_write,
    create_api_key.can_admin) > 0
  then
    perform ves_int.raise_error('missing_field', '{"field": "key_hash, tenant_id, can_read, can_write, can_admin"}');
  end if;
  perform ves_int.store_api_key(
    create_api_key.key_hash, create_api_key.tenant_id, create_api_key.store_ids, create_api_key.agent_id,
    create_api_key.can_read, create_api_key.can_write, create_api_key.can_admin, create_api_key.rate_limit
  );
  perform ves_int.audit(
    'api_key_created', create_api_key.tenant_id, 'api_key', left(create_api_key.key_hash, 16),
    ves_int.api_key_details(create_api_key.key_hash), create_api_key.context
  );
end
$$;

comment on function ves.create_api_key(text, uuid, uuid[], uuid, boolean, boolean, boolean, integer, jsonb) is
'Stores an API key by the lower-case hex SHA-256 of the whole key string; the key itself stays with the caller. The three rights are independent of each other. Audited as api_key_created. Errors: VE111 exists, VE007.';
