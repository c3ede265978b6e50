create or replace function ves.get_encryption_group(tenant_id uuid, group_id uuid)
returns table (
  group_id uuid, name text, description text, is_active boolean, created_by uuid, created_at timestamptz,
  updated_at timestamptz, member_count bigint, admin_count bigint, agent_id uuid, role text,
  encryption_key_id bigint, added_by uuid, added_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select g.*, m.*
  from ves.list_encryption_groups(get_encryption_group.tenant_id, get_encryption_group.group_id) as g
  left join ves.list_group_members(get_encryption_group.tenant_id, get_encryption_group.group_id) as m on true
  order by m.agent_id;
$$;

comment on function ves.get_encryption_group(uuid, uuid) is
'A group with its members, one row a member, at most 1,000; one row with nulls for a group without any, no row when there is no such group.';
