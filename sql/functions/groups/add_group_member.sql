create or replace function ves.add_group_member(
  tenant_id uuid, group_id uuid, agent_id uuid, role text default 'member', added_by uuid default null,
  encryption_key_id integer default null, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_before ves_store.encryption_key_group_members;
  v_action text;
begin
  perform ves_int.require_fields(jsonb_build_object('agentId', add_group_member.agent_id, 'role', add_group_member.role));
  if add_group_member.role not in ('admin', 'member') then
    perform ves_int.raise_error('invalid_field', '{"field": "role"}', 'role is not admin or member');
  end if;
  perform ves_int.lock_group(tenant_id, group_id, added_by);
  if encryption_key_id is not null and not exists (
    select from ves_store.agent_signing_keys as k
    where k.agent_id = add_group_member.agent_id and k.key_id = add_group_member.encryption_key_id
      and k.tenant_id = add_group_member.tenant_id and ves_int.key_type(k.key_algorithm) = 'encryption'
  ) then
    perform ves_int.raise_error('agent_key_not_found');
  end if;
  select m.* into v_before from ves_store.encryption_key_group_members as m
  where m.group_id = add_group_member.group_id and m.agent_id = add_group_member.agent_id
    and m.tenant_id = add_group_member.tenant_id;
  v_action := case
    when not found then 'member_added'
    when v_before.role <> add_group_member.role then 'member_role_changed'
    when v_before.encryption_key_id is distinct from add_group_member.encryption_key_id then 'member_key_refreshed'
  end;
  if v_action is null then
    return;
  end if;
  insert into ves_store.encryption_key_group_members (
    group_id, tenant_id, agent_id, role, encryption_key_id, added_by
  )
  values (
    add_group_member.group_id, add_group_member.tenant_id, add_group_member.agent_id, add_group_member.role,
    add_group_member.encryption_key_id, add_group_member.added_by
  )
  on conflict (group_id, agent_id, tenant_id) do update set
    role = excluded.role, encryption_key_id = excluded.encryption_key_id;
  perform ves_int.log_group_change(
    v_action, add_group_member.tenant_id, add_group_member.group_id, added_by, add_group_member.agent_id,
    jsonb_build_object('role', add_group_member.role, 'key_id', encryption_key_id::bigint & 4294967295), context);
end
$$;

comment on function ves.add_group_member(uuid, uuid, uuid, text, uuid, integer, jsonb) is
'Adds an agent to a group, or changes its role (admin, member) or the encryption key that it is sealed to (null: its newest). added_by null acts for an administrator, else for an agent that must be an admin member. What is so already changes nothing. Errors: VE210, VE105, VE203 no such encryption key, VE007, VE008.';
