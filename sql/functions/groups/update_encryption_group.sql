create or replace function ves.update_encryption_group(
  tenant_id uuid, group_id uuid, description text default null, is_active boolean default null,
  context jsonb default null
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
  if octet_length(update_encryption_group.description) > 4096 then
    perform ves_int.raise_error('invalid_field', '{"field": "description"}', 'description has more than 4,096 bytes');
  end if;
  v_group := ves_int.lock_group(tenant_id, group_id, null);
  update ves_store.encryption_key_groups as g
  set
    description = coalesce(update_encryption_group.description, g.description),
    is_active = coalesce(update_encryption_group.is_active, g.is_active)
  where g.group_id = v_group.group_id and g.tenant_id = v_group.tenant_id
  returning g.* into v_group;
  perform ves_int.log_group_change(
    'group_updated', v_group.tenant_id, v_group.group_id, null, null,
    jsonb_build_object('description', v_group.description, 'is_active', v_group.is_active), context);
end
$$;

comment on function ves.update_encryption_group(uuid, uuid, text, boolean, jsonb) is
'Changes description and activity of a group; null leaves a member as it is. Errors: VE210, VE007.';
