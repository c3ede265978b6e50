create or replace function ves.upsert_bootstrap_key(key_hash text, context jsonb default null)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if coalesce(upsert_bootstrap_key.key_hash !~ '^[0-9a-f]{64}$', true) then
    perform ves_int.raise_error('invalid_field', '{"field": "key_hash"}');
  end if;
  insert into ves_store.api_keys as k (key_hash, tenant_id, can_read, can_write, can_admin)
  values (upsert_bootstrap_key.key_hash, '00000000-0000-0000-0000-000000000000', true, true, true)
  on conflict (key_hash) do update
  set tenant_id = excluded.tenant_id, store_ids = '{}', agent_id = null, can_read = true, can_write = true,
    can_admin = true, active = true, updated_at = now()
  where not (k.active and k.can_read and k.can_write and k.can_admin and k.agent_id is null
    and k.tenant_id = excluded.tenant_id and k.store_ids = '{}');
  if found then
    perform ves_int.audit(
      'api_key_created', '00000000-0000-0000-0000-000000000000', 'api_key', left(upsert_bootstrap_key.key_hash, 16),
      ves_int.api_key_details(upsert_bootstrap_key.key_hash), upsert_bootstrap_key.context
    );
  end if;
end
$$;

comment on function ves.upsert_bootstrap_key(text, jsonb) is
'Makes the bootstrap administrator''s key: nil tenant, all permissions. Idempotent; re-activates a revoked one. Audited as api_key_created when it changes anything. Error VE007: not a hash.';
