create or replace view ves.rejections as
select
  r.rejection_id, r.tenant_id, r.store_id, r.event_id, r.source_agent_id, r.reason, r.message, r.rejected_at
from ves_store.ves_rejections as r;

comment on view ves.rejections is 'Refused events: who, which, why. Kept as the limit rejections of ves.list_limits says.';
