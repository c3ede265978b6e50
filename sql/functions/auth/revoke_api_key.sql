create or replace function ves.revoke_api_key(key_hash_prefix text, tenant_id uuid, agent_id uuid default null)
returns integer
language plpgsql
volatile
security definer
set search_path to ''
as $$
#variable_conflict use_column
declare
  v_count integer;
begin
  if key_hash_prefix !~ '^[0-9a-f]{8,64}$' then
    perform ves_int.raise_error('invalid_field', '{"field": "key_prefix"}');
  end if;
  update ves_store.api_keys as k
  set active = false, updated_at = now()
  where k.key_hash = (
    select f.key_hash from ves_store.api_keys as f
    where f.key_hash like key_hash_prefix || '%' and f.tenant_id = revoke_api_key.tenant_id
      and (revoke_api_key.agent_id is null or f.agent_id = revoke_api_key.agent_id)
    order by f.active desc, f.key_hash
    limit 1
  );
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function ves.revoke_api_key(text, uuid, uuid) is
'Revokes the tenant''s first key (of an agent, if named) whose hash starts with the prefix of 8 to 64 hex digits; answers 1 or 0. Takes effect in every process at commit.';
