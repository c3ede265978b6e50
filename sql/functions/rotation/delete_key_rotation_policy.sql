create or replace function ves.delete_key_rotation_policy(
  tenant_id uuid, agent_id uuid default null, key_type text default 'signing', context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_custom_plan
as $$
#variable_conflict use_column
declare
  v_policy ves_store.key_rotation_policies;
begin
  delete from ves_store.key_rotation_policies as p
  where p.tenant_id = delete_key_rotation_policy.tenant_id
    and (p.agent_id = delete_key_rotation_policy.agent_id
      or delete_key_rotation_policy.agent_id is null and p.agent_id is null)
    and p.key_type = delete_key_rotation_policy.key_type
  returning p.* into v_policy;
  if not found then
    return false;
  end if;
  perform ves_int.check_keys_now(v_policy.tenant_id, v_policy.agent_id);
  perform ves_int.log_key_change(
    'policy_updated', v_policy.tenant_id, v_policy.agent_id, v_policy.key_type, null, null,
    '{"deleted": true}', context);
  perform ves_int.audit(
    'custom:key_rotation_policy_deleted', v_policy.tenant_id, 'key_rotation_policy', v_policy.policy_id::text,
    jsonb_build_object('agent_id', v_policy.agent_id, 'key_type', v_policy.key_type), context);
  return true;
end
$$;

comment on function ves.delete_key_rotation_policy(uuid, uuid, text, jsonb) is
'Removes the policy of a tenant (agent_id null) or of one agent; whether there was one. Rotations that it made stay.';
