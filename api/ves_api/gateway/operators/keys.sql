-- The life of agent keys: rotation, policies, schedules, history (VES 6.2, 18). Sent as role ves_admin.

-- name: rotate_agent_key
-- Rotate a key to a new one, or to a registered one when public_key is null.
select
  rotation.old_key_id,
  rotation.old_status,
  rotation.new_key_id,
  rotation.rotated_at,
  rotation.grace_until
from ves.rotate_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  new_key_id => %(new_key_id)s,
  public_key => %(public_key)s,
  grace_period => %(grace_period)s,
  revoke_old => %(revoke_old)s,
  reason => %(reason)s,
  context => %(context)s::jsonb
) as rotation;

-- name: revoke_agent_key_because
-- Revoke a key and keep the reason.
select
  ves.revoke_agent_key(
    tenant_id => %(tenant_id)s,
    agent_id => %(agent_id)s,
    key_id => %(key_id)s,
    reason => %(reason)s,
    context => %(context)s::jsonb
  ) as revoked_at;

-- name: set_key_rotation_policy
-- Make or replace the policy of a tenant or an agent.
select
  ves.set_key_rotation_policy(
    tenant_id => %(tenant_id)s,
    agent_id => %(agent_id)s,
    key_type => %(key_type)s,
    max_age_hours => %(max_age_hours)s,
    max_usage_count => %(max_usage_count)s,
    warning_threshold_hours => %(warning_threshold_hours)s,
    grace_period_hours => %(grace_period_hours)s,
    enforce_expiry => %(enforce_expiry)s,
    auto_rotate => %(auto_rotate)s,
    context => %(context)s::jsonb
  ) as policy_id;

-- name: delete_key_rotation_policy
-- Remove a policy; whether there was one.
select
  ves.delete_key_rotation_policy(
    tenant_id => %(tenant_id)s,
    agent_id => %(agent_id)s,
    key_type => %(key_type)s,
    context => %(context)s::jsonb
  ) as deleted;

-- name: list_key_rotation_policies
-- Policies of a tenant, its own first.
select policy.* from ves.list_key_rotation_policies(tenant_id => %(tenant_id)s) as policy;

-- name: list_key_rotations_due
-- Keys that a policy makes due now or soon.
select due.* from ves.list_key_rotations_due(tenant_id => %(tenant_id)s) as due;

-- name: schedule_key_rotation
-- Have a key retired at an instant.
select
  ves.schedule_key_rotation(
    tenant_id => %(tenant_id)s,
    agent_id => %(agent_id)s,
    key_id => %(key_id)s,
    scheduled_at => %(scheduled_at)s,
    reason => %(reason)s,
    new_key_id => %(new_key_id)s,
    context => %(context)s::jsonb
  ) as rotation_id;

-- name: cancel_key_rotation
-- Cancel a rotation that is not done; whether there was one.
select
  ves.cancel_key_rotation(
    tenant_id => %(tenant_id)s, rotation_id => %(rotation_id)s, context => %(context)s::jsonb
  ) as cancelled;

-- name: list_key_rotations
-- Scheduled rotations, the latest first.
select rotation.*
from ves.list_key_rotations(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as rotation;

-- name: list_key_history
-- What happened to keys, the latest first.
select entry.* from ves.list_key_history(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as entry;
