create or replace function ves_int.find_api_key(key_hash_prefix text, tenant_id uuid, agent_id uuid)
returns text
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
begin
  if coalesce(find_api_key.key_hash_prefix !~ '^[0-9a-f]{8,64}$', true) then
    perform ves_int.raise_error('invalid_field', '{"field": "key_prefix"}');
  end if;
  return (
    select k.key_hash from ves_store.api_keys as k
    -- all hex strings with the prefix lie between; unlike "like" it has an index in any collation
    where k.key_hash between find_api_key.key_hash_prefix and find_api_key.key_hash_prefix || 'g'
      -- never by the index of the tenant's keys
      and k.tenant_id is not distinct from find_api_key.tenant_id
      and (find_api_key.agent_id is null or k.agent_id is not distinct from find_api_key.agent_id)
    order by k.active desc, k.key_hash
    limit 1
  );
end
$$;

comment on function ves_int.find_api_key(text, uuid, uuid) is
'Hash of the tenant''s first key (of an agent, if named) that starts with 8 to 64 hex digits, active ones first; null when there is none. Errors: VE007.';
