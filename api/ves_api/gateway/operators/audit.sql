-- The audit log, as the operator reads, checks and switches it. Sent as role ves_admin.

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

-- name: verify_audit
-- Recompute the chain of one tenant's audit log, or of every tenant's; no row when it is clean.
select
  broken.tenant_id,
  broken.number,
  broken.finding
from ves.verify_audit(tenant_id => %(tenant_id)s) as broken;

-- name: set_audit_log
-- Turn the audit log on or off for the whole database; whether that changed anything.
select ves.set_audit_log(enabled => %(enabled)s, context => %(context)s::jsonb) as changed;

-- name: record_key_drop
-- Audit that a key of encryption at rest leaves the key ring.
select ves.record_audit(
  action => 'custom:payload_key_dropped',
  tenant_id => %(tenant_id)s,
  resource_type => 'payload_key',
  resource_id => %(key_id)s,
  context => %(context)s::jsonb
);
