create or replace function ves.list_encryption_groups(
  tenant_id uuid, group_id uuid default null, agent_id uuid default null
)
returns table (
  group_id uuid, name text, description text, is_active boolean, created_by uuid, created_at timestamptz,
  updated_at timestamptz, member_count bigint, admin_count bigint
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    g.group_id, g.name, g.description, g.is_active, g.created_by, g.created_at, g.updated_at,
    count(m.agent_id), count(m.agent_id) filter (where m.role = 'admin')
  from ves_store.encryption_key_groups as g
  left join ves_store.encryption_key_group_members as m on m.group_id = g.group_id and m.tenant_id = g.tenant_id
  where g.tenant_id = list_encryption_groups.tenant_id
    and (list_encryption_groups.group_id is null or g.group_id = list_encryption_groups.group_id)
    and (list_encryption_groups.agent_id is null or exists (
      select from ves_store.encryption_key_group_members as o
      where o.group_id = g.group_id and o.tenant_id = g.tenant_id and o.agent_id = list_encryption_groups.agent_id
    ))
  group by g.group_id, g.tenant_id
  order by g.name, g.group_id
  limit 1000;
$$;

comment on function ves.list_encryption_groups(uuid, uuid, uuid) is
'Groups of a tenant by name, at most 1,000: one of them, or those that an agent is in, when named.';
