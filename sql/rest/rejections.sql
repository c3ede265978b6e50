create or replace view rest.rejections with (security_barrier) as
select
  r.tenant_id, r.store_id, r.rejection_id, r.event_id, r.source_agent_id, r.reason, r.message, r.rejected_at
from ves.rejections as r
where
  r.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(r.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.rejections is 'Refused events of the token''s tenant: which, why, when.';
