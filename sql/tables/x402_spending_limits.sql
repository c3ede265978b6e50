create table ves_store.x402_spending_limits (
  tenant_id uuid not null,
  agent_id uuid not null,
  asset text not null,
  max_amount bigint not null,
  period interval not null,
  spent bigint not null default 0,
  period_ends_at timestamptz not null default '-infinity',
  constraint x402_spending_limits_pkey primary key (agent_id, asset, tenant_id),
  constraint asset_is_a_known_one check (asset in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth')),
  constraint max_amount_is_not_negative check (max_amount >= 0),
  constraint spent_is_not_negative check (spent >= 0),
  constraint period_is_1_minute_to_1_year check (period between interval '1 minute' and interval '1 year')
);

create index x402_spending_limits_tenant_idx on ves_store.x402_spending_limits (tenant_id);

comment on table ves_store.x402_spending_limits is
'What an agent, or a whole tenant (nil agent), may have accepted of an asset within a period. No row: no limit.';
comment on column ves_store.x402_spending_limits.tenant_id is 'Tenant.';
comment on column ves_store.x402_spending_limits.agent_id is 'Agent; nil for the tenant as a whole.';
comment on column ves_store.x402_spending_limits.asset is 'Asset, on all networks together.';
comment on column ves_store.x402_spending_limits.max_amount is 'Most in one period, in the smallest unit.';
comment on column ves_store.x402_spending_limits.period is 'Length of a period.';
comment on column ves_store.x402_spending_limits.spent is 'Accepted in the running period, whatever became of it.';
comment on column ves_store.x402_spending_limits.period_ends_at is 'When the running period ends; the next one begins with the next payment.';
