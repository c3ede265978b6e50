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
create index scheduled_key_rotations_pending_idx
on ves_store.scheduled_key_rotations (tenant_id, scheduled_at, rotation_id) where status = 'pending';
create index scheduled_key_rotations_agent_id_idx
on ves_store.scheduled_key_rotations (agent_id, tenant_id);
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

insert into ves_store.transitions (machine, from_state, to_state) values
('scheduled_key_rotations.status', '', 'pending'),
('scheduled_key_rotations.status', 'pending', 'in_progress'),
('scheduled_key_rotations.status', 'pending', 'completed'),
('scheduled_key_rotations.status', 'pending', 'failed'),
('scheduled_key_rotations.status', 'pending', 'cancelled'),
('scheduled_key_rotations.status', 'in_progress', 'completed'),
('scheduled_key_rotations.status', 'in_progress', 'cancelled');
