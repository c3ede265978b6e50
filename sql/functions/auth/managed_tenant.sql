-- An API key of an agent is managed by the agent itself or by an administrator (http-api 7.3). Locks nothing.
create or replace function ves_int.managed_tenant(caller jsonb, tenant_id uuid, agent_id uuid)
returns uuid
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := uuid '00000000-0000-0000-0000-000000000000';
  v_caller record;
  v_tenant_id uuid := managed_tenant.tenant_id;
begin
  if managed_tenant.caller is null then
    if not pg_has_role(session_user, 'ves_admin', 'usage') then
      perform ves_int.raise_error('insufficient_permissions', '{}', 'Only an operator acts without a caller');
    end if;
    return v_tenant_id;
  elsif jsonb_typeof(managed_tenant.caller) <> 'object' then
    perform ves_int.raise_error('invalid_field', '{"field": "caller"}');
  end if;
  select c.* into v_caller
  from jsonb_to_record(managed_tenant.caller) as c (tenant_id uuid, agent_id uuid, can_admin boolean);
  if v_caller.can_admin is not true and v_caller.agent_id is distinct from managed_tenant.agent_id then
    perform ves_int.raise_error('insufficient_permissions', '{}', 'Access denied');
  end if;
  if v_caller.can_admin is true and v_caller.tenant_id = v_nil then
    v_tenant_id := coalesce(nullif(v_tenant_id, v_nil), ves.find_agent_tenant(managed_tenant.agent_id));
  elsif v_caller.tenant_id = v_nil or v_caller.tenant_id is distinct from v_tenant_id then
    perform ves_int.raise_error('tenant_access_denied');
  end if;
  -- the credential of an agent tells that the agent exists, so a token mints its first key
  if v_tenant_id is null or (
    v_caller.agent_id is distinct from managed_tenant.agent_id
    and not exists (
      select from ves_store.api_keys as k
      where k.tenant_id = v_tenant_id and k.agent_id = managed_tenant.agent_id
    )
  ) then
    perform ves_int.raise_error('agent_not_found');
  end if;
  return v_tenant_id;
end
$$;

comment on function ves_int.managed_tenant(jsonb, uuid, uuid) is
'Tenant whose API keys a caller {tenant_id, agent_id, can_admin, ...}, as the edge authenticated it, manages for an agent. The nil tenant means that of the agent, for the administrator of the nil tenant. A null caller is an operator, whose database role must be ves_admin. Errors: VE105, VE106, VE112 the agent owns no API key in the tenant and is not the caller.';
