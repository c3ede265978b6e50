-- The audit log. Sent as role ves_api; only objects of schema ves.

-- name: list_audit
-- A page of audit entries, in the order of tenant and number.
select
  entry.tenant_id,
  entry.number,
  entry.id,
  entry.timestamp,
  entry.action,
  entry.actor,
  entry.actor_type,
  entry.database_role,
  entry.resource_type,
  entry.resource_id,
  entry.request_id,
  entry.ip_address,
  entry.user_agent,
  entry.details,
  entry.success,
  entry.error_message,
  entry.previous_hash,
  entry.hash
from ves.list_audit(
  tenant_id => %(tenant_id)s,
  action => %(action)s,
  actor => %(actor)s,
  resource_type => %(resource_type)s,
  resource_id => %(resource_id)s,
  from_time => %(from_time)s,
  to_time => %(to_time)s,
  success => %(success)s,
  after_tenant => %(after_tenant)s,
  after_number => %(after_number)s,
  max_rows => %(max_rows)s,
  newest_first => %(newest_first)s
) as entry;
