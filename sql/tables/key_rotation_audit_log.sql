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
