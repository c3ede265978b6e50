create or replace function ves.list_key_rotation_policies(tenant_id uuid)
returns table (
  policy_id uuid, agent_id uuid, key_type text, max_age_hours integer, max_usage_count bigint,
  warning_threshold_hours integer, grace_period_hours integer, enforce_expiry boolean, auto_rotate boolean,
  updated_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    p.policy_id, p.agent_id, p.key_type, p.max_age_hours, p.max_usage_count, p.warning_threshold_hours,
    p.grace_period_hours, p.enforce_expiry, p.auto_rotate, p.updated_at
  from ves_store.key_rotation_policies as p
  where p.tenant_id = list_key_rotation_policies.tenant_id
  order by p.agent_id nulls first, p.key_type
  limit 1000;
$$;

comment on function ves.list_key_rotation_policies(uuid) is
'Rotation policies of a tenant, the tenant''s own first, at most 1,000.';
