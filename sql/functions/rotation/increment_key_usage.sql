create or replace function ves.increment_key_usage(
  tenant_id uuid, agent_id uuid, key_id integer, key_type text default 'encryption', uses integer default 1
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_count bigint;
begin
  if key_type is distinct from 'encryption' then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "keyType"}', 'Signing is counted from the log; only encryption can be told');
  end if;
  if uses is null or uses < 1 then
    perform ves_int.raise_error('invalid_field', '{"field": "uses"}');
  end if;
  insert into ves_store.key_usage_counters as u (
    tenant_id, agent_id, key_id, key_type, usage_count, first_used_at, last_used_at
  )
  select k.tenant_id, k.agent_id, k.key_id, 'encryption', increment_key_usage.uses, clock_timestamp(), clock_timestamp()
  from ves_store.agent_signing_keys as k
  where k.agent_id = increment_key_usage.agent_id and k.key_id = increment_key_usage.key_id
    and k.tenant_id = increment_key_usage.tenant_id and ves_int.key_type(k.key_algorithm) = 'encryption'
  on conflict (agent_id, key_id, tenant_id, key_type) do update set
    usage_count = u.usage_count + excluded.usage_count, last_used_at = excluded.last_used_at
  returning u.usage_count into v_count;
  if not found then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  if exists (
    select from ves_store.key_rotation_policies as p
    where p.tenant_id = increment_key_usage.tenant_id and p.agent_id = increment_key_usage.agent_id
      and p.max_usage_count <= v_count
  ) or exists (
    select from ves_store.key_rotation_policies as p
    where p.tenant_id = increment_key_usage.tenant_id and p.agent_id is null and p.max_usage_count <= v_count
  ) then
    perform ves_int.check_keys_now(increment_key_usage.tenant_id, increment_key_usage.agent_id);
  end if;
  return v_count;
end
$$;

comment on function ves.increment_key_usage(uuid, uuid, integer, text, integer) is
'Tells the engine that something was sealed to an encryption key, which it cannot see; the uses told so far. Signing is counted from the log by the keys worker. Errors: VE203 no such encryption key, VE007.';
