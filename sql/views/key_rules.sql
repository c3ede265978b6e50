-- Status and key type are written out: calling their functions for every key costs ten times the scan.
create or replace view ves_int.key_rules as
with keys as (
  select
    a.*,
    case when a.key_algorithm in (2, 4, 6) then 'encryption' else 'signing' end as key_type
  from ves_store.agent_signing_keys as a
  where a.status <> 'revoked' and a.expires_at is null
)

select
  k.tenant_id,
  k.agent_id,
  k.key_id,
  k.key_type,
  k.valid_from,
  k.valid_to,
  coalesce(u.usage_count, 0) as usage_count,
  p.max_usage_count,
  coalesce(k.valid_from, k.created_at) + p.max_age_hours * interval '1 hour' as due_by_age,
  p.warning_threshold_hours * interval '1 hour' as warning,
  p.enforce_expiry,
  p.auto_rotate
from keys as k
-- the policy of the agent wins over the tenant's, whole
cross join
  lateral (
    -- two lookups: with "or" the index is read for every policy of the tenant
    select
      r.agent_id, r.max_age_hours, r.max_usage_count, r.warning_threshold_hours, r.enforce_expiry,
      r.auto_rotate
    from ves_store.key_rotation_policies as r
    where r.tenant_id = k.tenant_id and r.key_type = k.key_type and r.agent_id = k.agent_id
    union all
    select
      r.agent_id, r.max_age_hours, r.max_usage_count, r.warning_threshold_hours, r.enforce_expiry,
      r.auto_rotate
    from ves_store.key_rotation_policies as r
    where r.tenant_id = k.tenant_id and r.key_type = k.key_type and r.agent_id is null
    order by 1 nulls last
    limit 1
  ) as p
left join ves_store.key_usage_counters as u
  on
    k.agent_id = u.agent_id and k.key_id = u.key_id and k.tenant_id = u.tenant_id
    and k.key_type = u.key_type;

comment on view ves_int.key_rules is
'Keys that were neither revoked nor retired, each with the rotation policy that counts for it and its uses so far; keys without a policy are absent.';
