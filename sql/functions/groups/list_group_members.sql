create or replace function ves.list_group_members(tenant_id uuid, group_id uuid)
returns table (agent_id uuid, role text, encryption_key_id bigint, added_by uuid, added_at timestamptz)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select m.agent_id, m.role, m.encryption_key_id::bigint & 4294967295, m.added_by, m.added_at
  from ves_store.encryption_key_group_members as m
  where m.tenant_id = list_group_members.tenant_id and m.group_id = list_group_members.group_id
  order by m.agent_id
  limit 1000;
$$;

comment on function ves.list_group_members(uuid, uuid) is
'Members of a group, at most 1,000; encryption_key_id is the key that a member wants, null for its newest.';
