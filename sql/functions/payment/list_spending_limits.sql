create or replace function ves.list_spending_limits(tenant_id uuid)
returns table (
  agent_id uuid, asset text, max_amount bigint, period interval, spent bigint, period_ends_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    nullif(l.agent_id, '00000000-0000-0000-0000-000000000000'), l.asset, l.max_amount, l.period,
    case when l.period_ends_at > now() then l.spent else 0 end,
    case when l.period_ends_at > now() then l.period_ends_at end
  from ves_store.x402_spending_limits as l
  where l.tenant_id = list_spending_limits.tenant_id
  order by l.agent_id, l.asset;
$$;

comment on function ves.list_spending_limits(uuid) is
'Spending limits of a tenant with what is spent of them; agent_id is null for that of the whole tenant, period_ends_at while no period runs.';
