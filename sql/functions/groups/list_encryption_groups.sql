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
    c.members, c.admins
  from (
    -- one branch for each kind of question, so that each has its index; only one of them runs
    select a.* from ves_store.encryption_key_groups as a where a.group_id = list_encryption_groups.group_id
    union all
    select a.* from ves_store.encryption_key_groups as a where list_encryption_groups.group_id is null
  ) as g
  cross join lateral (
    select count(*) as members, count(*) filter (where m.role = 'admin') as admins
    from ves_store.encryption_key_group_members as m
    where m.group_id = g.group_id and m.tenant_id = g.tenant_id
  ) as c
  where g.tenant_id = list_encryption_groups.tenant_id
    and (list_encryption_groups.agent_id is null or exists (
      select from ves_store.encryption_key_group_members as o
      where o.group_id = g.group_id and o.tenant_id = g.tenant_id and o.agent_id = list_encryption_groups.agent_id
    ))
  order by g.name, g.group_id
  limit 1000;
$$;

comment on function ves.list_encryption_groups(uuid, uuid, uuid) is
'Groups of a tenant by name, at most 1,000: one of them, or those that an agent is in, when named.';
