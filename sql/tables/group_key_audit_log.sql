create table ves_store.group_key_audit_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  group_id uuid not null,
  action text not null,
  actor_agent_id uuid,
  target_agent_id uuid,
  event_id uuid,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint group_key_audit_log_pkey primary key (tenant_id, entry_id),
  constraint group_audit_action_is_known check (action in (
    'group_created',
    'group_deleted',
    'group_updated',
    'member_added',
    'member_removed',
    'member_role_changed',
    'member_key_refreshed', 'encrypted_to_group'
  ))
);

create index group_key_audit_log_group_id_idx
on ves_store.group_key_audit_log (group_id, tenant_id, entry_id);

comment on table ves_store.group_key_audit_log is 'What happened to a group and its members, in order; it outlives the group. Append-only.';
comment on column ves_store.group_key_audit_log.entry_id is 'Number of the row, over all tenants.';
comment on column ves_store.group_key_audit_log.tenant_id is 'Tenant.';
comment on column ves_store.group_key_audit_log.group_id is 'Group, also when it is gone.';
comment on column ves_store.group_key_audit_log.action is 'What happened (VES 18).';
comment on column ves_store.group_key_audit_log.actor_agent_id is 'Agent that did it; null for an administrator, whom audit_log names.';
comment on column ves_store.group_key_audit_log.target_agent_id is 'Member that it is about.';
comment on column ves_store.group_key_audit_log.event_id is 'Event that was sealed to the group.';
comment on column ves_store.group_key_audit_log.metadata is 'Details: name, role, key number.';
comment on column ves_store.group_key_audit_log.created_at is 'When.';
