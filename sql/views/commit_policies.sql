create or replace view ves.commit_policies as
select
  c.tenant_id,
  c.store_id,
  coalesce(p.mode, d.mode) as mode,
  coalesce(p.max_events, d.max_events) as max_events,
  coalesce(p.max_age, d.max_age) as max_age,
  p.mode is null as is_default
from ves_store.ves_sequence_counters as c
cross join ves_store.commit_default as d
left join ves_store.commit_policies as p on c.tenant_id = p.tenant_id and c.store_id = p.store_id;

comment on view ves.commit_policies is
'The commit policy in force for every stream (ves.set_commit_policy); is_default: the server''s default.';
