create or replace view rest.audit_log with (security_barrier) as
select
  a.tenant_id, a.number, a.id, a.timestamp, a.action, a.actor, a.actor_type, a.database_role, a.resource_type,
  a.resource_id, a.request_id, a.ip_address, a.user_agent, a.details, a.success, a.error_message,
  encode(a.previous_hash, 'hex') as previous_hash, encode(a.hash, 'hex') as hash
from ves_store.audit_log as a
where a.tenant_id = (select ves_int.claimed_tenant('admin'));

comment on view rest.audit_log is 'Administrative and authentication actions of the token''s tenant, chained by hash; needs the permission admin.';
