create or replace function ves.create_encryption_group(
  tenant_id uuid, name text, description text default null, created_by uuid default null,
  context jsonb default null
)
returns uuid
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_name constant text := ves_int.trimmed(create_encryption_group.name);
  v_group_id uuid;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', create_encryption_group.tenant_id, 'name', v_name));
  if char_length(v_name) not between 1 and 255 then
    perform ves_int.raise_error('invalid_field', '{"field": "name"}', 'name does not have 1 to 255 characters');
  end if;
  perform ves_int.require_name('name', v_name, 1020);
  if octet_length(create_encryption_group.description) > 4096 then
    perform ves_int.raise_error('invalid_field', '{"field": "description"}', 'description has more than 4,096 bytes');
  end if;
  insert into ves_store.encryption_key_groups as g (tenant_id, name, description, created_by)
  values (
    create_encryption_group.tenant_id, v_name, create_encryption_group.description, create_encryption_group.created_by
  )
  on conflict (tenant_id, name) do nothing
  returning g.group_id into v_group_id;
  if not found then
    perform ves_int.raise_error('encryption_group_exists');
  end if;
  if created_by is not null then
    insert into ves_store.encryption_key_group_members (group_id, tenant_id, agent_id, role, added_by)
    values (
      v_group_id, create_encryption_group.tenant_id, create_encryption_group.created_by, 'admin',
      create_encryption_group.created_by
    );
  end if;
  perform ves_int.log_group_change(
    'group_created', create_encryption_group.tenant_id, v_group_id, create_encryption_group.created_by,
    create_encryption_group.created_by, jsonb_build_object('name', v_name), context);
  return v_group_id;
end
$$;

comment on function ves.create_encryption_group(uuid, text, text, uuid, jsonb) is
'Makes a group of agents to whom payloads are sealed together; its id. created_by becomes its first admin member. Errors: VE302 the tenant has a group of this name, VE007, VE008.';
