create or replace function ves_int.api_key_details(key_hash text)
returns jsonb
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select jsonb_strip_nulls(jsonb_build_object(
    'agent_id', k.agent_id, 'store_ids', k.store_ids, 'can_read', k.can_read, 'can_write', k.can_write,
    'can_admin', k.can_admin, 'active', k.active, 'rate_limit', k.rate_limit))
  from ves_store.api_keys as k where k.key_hash = api_key_details.key_hash;
$$;

comment on function ves_int.api_key_details(text) is 'What an API key may do, as the audit log tells it.';
