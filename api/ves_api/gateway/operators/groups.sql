-- Encryption groups (VES 8, 18). Sent as role ves_admin.

-- name: create_encryption_group
-- A new group; its id.
select
  ves.create_encryption_group(
    tenant_id => %(tenant_id)s,
    name => %(name)s,
    description => %(description)s,
    context => %(context)s::jsonb
  ) as group_id;

-- name: delete_encryption_group
-- Remove a group with its memberships.
select
  ves.delete_encryption_group(
    tenant_id => %(tenant_id)s, group_id => %(group_id)s, context => %(context)s::jsonb
  );

-- name: list_encryption_groups
-- Groups by name; one of them when named.
select encryption_group.*
from ves.list_encryption_groups(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as encryption_group;

-- name: list_group_members
-- Members of a group.
select member.* from ves.list_group_members(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as member;

-- name: add_group_member
-- Add a member, or change its role or key.
select
  ves.add_group_member(
    tenant_id => %(tenant_id)s,
    group_id => %(group_id)s,
    agent_id => %(agent_id)s,
    role => %(role)s,
    encryption_key_id => %(encryption_key_id)s,
    context => %(context)s::jsonb
  );

-- name: remove_group_member
-- Remove a member.
select
  ves.remove_group_member(
    tenant_id => %(tenant_id)s,
    group_id => %(group_id)s,
    agent_id => %(agent_id)s,
    context => %(context)s::jsonb
  );

-- name: get_group_recipient_keys
-- Whom a payload is sealed to now.
select recipient.*
from ves.get_group_recipient_keys(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as recipient;
