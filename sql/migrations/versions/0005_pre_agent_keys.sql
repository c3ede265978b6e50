-- Agent key life cycle (VES 6, 18). Frozen once released; sql/types and sql/tables hold the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create index agent_signing_keys_tenant_id_idx on ves_store.agent_signing_keys (tenant_id, agent_id);
create index agent_signing_keys_valid_to_idx on ves_store.agent_signing_keys (valid_to)
where status = 'active' and valid_to is not null;

create type ves.key_rotation as (
  old_key_id bigint,
  old_status text,
  new_key_id bigint,
  rotated_at timestamptz,
  grace_until timestamptz
);

comment on type ves.key_rotation is
'A rotation as it was done: the old key with its status now (in_grace, expired or revoked), the key that takes over, and until when the old one still verifies (null: not any more).';

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

create table ves_store.key_usage_counters (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  key_type text not null default 'signing',
  usage_count bigint not null default 0,
  first_used_at timestamptz,
  last_used_at timestamptz,
  constraint key_usage_counters_pkey primary key (agent_id, key_id, tenant_id, key_type),
  constraint usage_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint usage_count_is_not_negative check (usage_count >= 0)
);

comment on table ves_store.key_usage_counters is 'How often a key was used. Signing is counted behind the stream from ves_events (key_usage_progress says how far), so it is exact a moment later and can be counted anew.';
comment on column ves_store.key_usage_counters.tenant_id is 'Tenant.';
comment on column ves_store.key_usage_counters.agent_id is 'Agent.';
comment on column ves_store.key_usage_counters.key_id is 'Key number, by bit pattern.';
comment on column ves_store.key_usage_counters.key_type is 'signing: events in the log. encryption: uses that callers told the engine.';
comment on column ves_store.key_usage_counters.usage_count is 'Uses counted so far.';
comment on column ves_store.key_usage_counters.first_used_at is 'First counted use.';
comment on column ves_store.key_usage_counters.last_used_at is 'Last counted use.';

create table ves_store.key_usage_progress (
  tenant_id uuid not null,
  store_id uuid not null,
  counted_to bigint not null default 0,
  constraint key_usage_progress_pkey primary key (tenant_id, store_id)
);

comment on table ves_store.key_usage_progress is 'How far the events of a stream are counted in key_usage_counters.';
comment on column ves_store.key_usage_progress.tenant_id is 'Tenant.';
comment on column ves_store.key_usage_progress.store_id is 'Store.';
comment on column ves_store.key_usage_progress.counted_to is 'Events 1 .. counted_to are counted.';

create table ves_store.scheduled_key_rotations (
  rotation_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  agent_id uuid not null,
  key_type text not null default 'signing',
  current_key_id integer not null,
  scheduled_at timestamptz not null,
  reason text not null,
  status text not null default 'pending',
  new_key_id integer,
  completed_at timestamptz,
  error_message text,
  created_at timestamptz not null default now(),
  constraint scheduled_key_rotations_pkey primary key (rotation_id, tenant_id),
  constraint rotation_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint rotation_reason_is_known
  check (reason in ('age_limit', 'usage_limit', 'manual', 'expiry', 'compromise', 'policy_change')),
  constraint rotation_status_is_known
  check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
  constraint completed_rotation_names_its_new_key
  check (status <> 'completed' or (new_key_id is not null and completed_at is not null)),
  constraint failed_rotation_says_why check (status <> 'failed' or error_message is not null)
);

-- One open rotation a key: what a worker repeats after a crash it finds done.
create unique index scheduled_key_rotations_open_idx
on ves_store.scheduled_key_rotations (agent_id, current_key_id, tenant_id)
where status in ('pending', 'in_progress');
create index scheduled_key_rotations_scheduled_at_idx
on ves_store.scheduled_key_rotations (scheduled_at) where status = 'pending';
create index scheduled_key_rotations_tenant_id_idx
on ves_store.scheduled_key_rotations (tenant_id, scheduled_at);

comment on table ves_store.scheduled_key_rotations is 'Rotations that were asked for, or that a policy made due. pending: not yet done; in_progress: the old key is retired and a new one is awaited; completed: new_key_id has taken over.';
comment on column ves_store.scheduled_key_rotations.rotation_id is 'Rotation.';
comment on column ves_store.scheduled_key_rotations.tenant_id is 'Tenant.';
comment on column ves_store.scheduled_key_rotations.agent_id is 'Agent.';
comment on column ves_store.scheduled_key_rotations.key_type is 'signing or encryption.';
comment on column ves_store.scheduled_key_rotations.current_key_id is 'Key to retire, by bit pattern.';
comment on column ves_store.scheduled_key_rotations.scheduled_at is 'When the rotation is due.';
comment on column ves_store.scheduled_key_rotations.reason is 'Why: age_limit, usage_limit, manual, expiry, compromise (revoked at once) or policy_change.';
comment on column ves_store.scheduled_key_rotations.status is 'pending, in_progress, completed, failed or cancelled.';
comment on column ves_store.scheduled_key_rotations.new_key_id is 'Key that takes over, by bit pattern: named beforehand, or the one that was registered.';
comment on column ves_store.scheduled_key_rotations.completed_at is 'When it ended.';
comment on column ves_store.scheduled_key_rotations.error_message is 'Why it failed or was cancelled.';
comment on column ves_store.scheduled_key_rotations.created_at is 'When the row was made.';

create table ves_store.key_rotation_audit_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  agent_id uuid,
  key_type text not null,
  action text not null,
  old_key_id integer,
  new_key_id integer,
  actor_type text not null,
  actor_id text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint key_rotation_audit_log_pkey primary key (tenant_id, entry_id),
  constraint key_audit_action_is_known check (action in (
    'key_generated', 'key_registered', 'key_rotated', 'key_revoked', 'key_expired', 'grace_period_started',
    'grace_period_ended', 'policy_updated'
  )),
  constraint key_audit_actor_type_is_known check (actor_type in ('system', 'agent', 'admin', 'api'))
);

create index key_rotation_audit_log_agent_id_idx
on ves_store.key_rotation_audit_log (agent_id, tenant_id, entry_id);

comment on table ves_store.key_rotation_audit_log is 'What happened to the keys of a tenant, in order. Append-only.';
comment on column ves_store.key_rotation_audit_log.entry_id is 'Number of the row, over all tenants.';
comment on column ves_store.key_rotation_audit_log.tenant_id is 'Tenant.';
comment on column ves_store.key_rotation_audit_log.agent_id is 'Agent; null for a policy of the whole tenant.';
comment on column ves_store.key_rotation_audit_log.key_type is 'signing or encryption.';
comment on column ves_store.key_rotation_audit_log.action is 'What happened (VES 18).';
comment on column ves_store.key_rotation_audit_log.old_key_id is 'Key that was retired, revoked or has expired, by bit pattern.';
comment on column ves_store.key_rotation_audit_log.new_key_id is 'Key that was registered or takes over, by bit pattern.';
comment on column ves_store.key_rotation_audit_log.actor_type is 'api: a request; admin: an operator at the database; system: the keys worker; agent: the agent itself.';
comment on column ves_store.key_rotation_audit_log.actor_id is 'Who, as the edge named the caller; else the database role.';
comment on column ves_store.key_rotation_audit_log.metadata is 'Details: reason, grace_until, the policy.';
comment on column ves_store.key_rotation_audit_log.created_at is 'When.';
