create or replace function ves.delete_encryption_group(
  tenant_id uuid, group_id uuid, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_group ves_store.encryption_key_groups;
begin
  delete from ves_store.encryption_key_groups as g
  where g.group_id = delete_encryption_group.group_id and g.tenant_id = delete_encryption_group.tenant_id
  returning g.* into v_group;
  if not found then
    perform ves_int.raise_error('encryption_group_not_found');
  end if;
  perform ves_int.log_group_change(
    'group_deleted', v_group.tenant_id, v_group.group_id, null, null, jsonb_build_object('name', v_group.name), context);
end
$$;

comment on function ves.delete_encryption_group(uuid, uuid, jsonb) is
'Removes a group and its memberships; its history stays. What was sealed to its members they can still open. Error VE210.';
