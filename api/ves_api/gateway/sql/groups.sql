-- Encryption groups. Sent as role ves_api; only objects of schema ves.

-- name: create_encryption_group
-- A new group; its id.
select ves.create_encryption_group(
  tenant_id => %(tenant_id)s,
  name => %(name)s,
  description => %(description)s,
  created_by => %(created_by)s,
  context => %(context)s
) as group_id;

-- name: update_encryption_group
-- Change description or activity.
select ves.update_encryption_group(
  tenant_id => %(tenant_id)s,
  group_id => %(group_id)s,
  description => %(description)s,
  is_active => %(is_active)s,
  context => %(context)s
);

-- name: delete_encryption_group
-- Remove a group with its memberships.
select ves.delete_encryption_group(
  tenant_id => %(tenant_id)s, group_id => %(group_id)s, context => %(context)s
);

-- name: list_encryption_groups
-- Groups of a tenant: one of them, or an agent's, when named.
select
  encryption_group.group_id,
  encryption_group.name,
  encryption_group.description,
  encryption_group.is_active,
  encryption_group.created_by,
  encryption_group.created_at,
  encryption_group.updated_at,
  encryption_group.member_count,
  encryption_group.admin_count
from ves.list_encryption_groups(
  tenant_id => %(tenant_id)s, group_id => %(group_id)s, agent_id => %(agent_id)s
) as encryption_group;

-- name: list_group_members
-- Members of a group.
select
  member.agent_id,
  member.role,
  member.encryption_key_id,
  member.added_by,
  member.added_at
from ves.list_group_members(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as member;

-- name: add_group_member
-- Add a member, or change its role or key.
select ves.add_group_member(
  tenant_id => %(tenant_id)s,
  group_id => %(group_id)s,
  agent_id => %(agent_id)s,
  role => %(role)s,
  added_by => %(acting_agent_id)s,
  encryption_key_id => %(encryption_key_id)s,
  context => %(context)s
);

-- name: remove_group_member
-- Remove a member.
select ves.remove_group_member(
  tenant_id => %(tenant_id)s,
  group_id => %(group_id)s,
  agent_id => %(agent_id)s,
  removed_by => %(acting_agent_id)s,
  context => %(context)s
);

-- name: get_group_recipient_keys
-- Current encryption keys of the members.
select
  recipient.agent_id,
  recipient.key_id,
  recipient.key_algorithm,
  recipient.x25519_public_key,
  recipient.ml_kem_768_public_key,
  recipient.status
from ves.get_group_recipient_keys(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as recipient;

-- name: list_group_history
-- What happened to a group, the latest first.
select
  entry.action,
  entry.actor_agent_id,
  entry.target_agent_id,
  entry.metadata,
  entry.created_at
from ves.list_group_history(tenant_id => %(tenant_id)s, group_id => %(group_id)s) as entry;
