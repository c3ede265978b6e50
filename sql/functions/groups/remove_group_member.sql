create or replace function ves.remove_group_member(
  tenant_id uuid, group_id uuid, agent_id uuid, removed_by uuid default null, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  -- a member may always leave
  perform ves_int.lock_group(tenant_id, group_id, nullif(removed_by, agent_id));
  delete from ves_store.encryption_key_group_members as m
  where m.group_id = remove_group_member.group_id and m.agent_id = remove_group_member.agent_id
    and m.tenant_id = remove_group_member.tenant_id;
  if not found then
    perform ves_int.raise_error('group_member_not_found');
  end if;
  perform ves_int.log_group_change(
    'member_removed', remove_group_member.tenant_id, remove_group_member.group_id, removed_by,
    remove_group_member.agent_id, '{}', context);
end
$$;

comment on function ves.remove_group_member(uuid, uuid, uuid, uuid, jsonb) is
'Removes an agent from a group: ves.get_group_recipient_keys names it no more. It can still open what was sealed to it before. removed_by null acts for an administrator, else for an admin member or the agent itself. Errors: VE210, VE211 it is no member, VE105.';
