create or replace function ves_int.lock_group(tenant_id uuid, group_id uuid, acting_agent_id uuid)
returns ves_store.encryption_key_groups
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_group ves_store.encryption_key_groups;
begin
  update ves_store.encryption_key_groups as g
  set updated_at = clock_timestamp()
  where g.group_id = lock_group.group_id and g.tenant_id = lock_group.tenant_id
  returning g.* into v_group;
  if not found then
    perform ves_int.raise_error('encryption_group_not_found');
  end if;
  if acting_agent_id is not null and not exists (
    select from ves_store.encryption_key_group_members as m
    where m.group_id = lock_group.group_id and m.agent_id = lock_group.acting_agent_id
      and m.tenant_id = lock_group.tenant_id and m.role = 'admin'
  ) then
    perform ves_int.raise_error(
      'insufficient_permissions', '{}', 'Only administrators and admin members change a group');
  end if;
  return v_group;
end
$$;

comment on function ves_int.lock_group(uuid, uuid, uuid) is
'Locks a group for a change and notes the time of it; an acting agent must be one of its admin members. Errors: VE210, VE105.';
