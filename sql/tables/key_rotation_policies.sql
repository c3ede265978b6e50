create table ves_store.key_rotation_policies (
  policy_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  agent_id uuid,
  key_type text not null default 'signing',
  max_age_hours integer,
  max_usage_count bigint,
  warning_threshold_hours integer not null default 24,
  grace_period_hours integer not null default 72,
  enforce_expiry boolean not null default true,
  auto_rotate boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint key_rotation_policies_pkey primary key (policy_id, tenant_id),
  constraint key_rotation_policies_tenant_id_agent_id_key_type_key
  unique nulls not distinct (tenant_id, agent_id, key_type),
  constraint policy_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint max_age_is_positive check (max_age_hours between 1 and 876000),
  constraint max_usage_is_positive check (max_usage_count > 0),
  constraint warning_threshold_is_not_negative check (warning_threshold_hours between 0 and 876000),
  constraint grace_period_is_not_negative check (grace_period_hours between 0 and 876000)
);

comment on table ves_store.key_rotation_policies is 'When keys of a tenant, or of one agent, have to be rotated. The row of the agent wins over the row of the tenant.';
comment on column ves_store.key_rotation_policies.policy_id is 'Policy.';
comment on column ves_store.key_rotation_policies.tenant_id is 'Tenant.';
comment on column ves_store.key_rotation_policies.agent_id is 'Agent; null is every agent of the tenant without a policy of its own.';
comment on column ves_store.key_rotation_policies.key_type is 'signing or encryption.';
comment on column ves_store.key_rotation_policies.max_age_hours is 'Hours after the start of its validity when a key is due; null is never by age.';
comment on column ves_store.key_rotation_policies.max_usage_count is 'Uses after which a key is due; null is never by use.';
comment on column ves_store.key_rotation_policies.warning_threshold_hours is 'Hours before it is due from which a key is listed as a warning.';
comment on column ves_store.key_rotation_policies.grace_period_hours is 'Hours that a rotated key still verifies.';
comment on column ves_store.key_rotation_policies.enforce_expiry is 'A due key is retired even when the agent has registered no successor.';
comment on column ves_store.key_rotation_policies.auto_rotate is 'A due key hands over to a successor as soon as one is registered.';
comment on column ves_store.key_rotation_policies.created_at is 'When the policy was made.';
comment on column ves_store.key_rotation_policies.updated_at is 'When the policy was changed last.';
