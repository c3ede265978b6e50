-- Encryption groups (VES 18). Frozen once released; sql/tables holds the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create table ves_store.encryption_key_groups (
  group_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  name text not null,
  description text,
  is_active boolean not null default true,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint encryption_key_groups_pkey primary key (group_id, tenant_id),
  constraint encryption_key_groups_tenant_id_name_key unique (tenant_id, name),
  constraint group_name_is_not_empty check (char_length(name) between 1 and 255)
);

comment on table ves_store.encryption_key_groups is 'Named sets of agents to whom payloads are sealed together. The sequencer holds no secret key: it only says who the recipients are now.';
comment on column ves_store.encryption_key_groups.group_id is 'Group.';
comment on column ves_store.encryption_key_groups.tenant_id is 'Tenant.';
comment on column ves_store.encryption_key_groups.name is 'Name, 1 to 255 characters, unique in the tenant.';
comment on column ves_store.encryption_key_groups.description is 'Free text.';
comment on column ves_store.encryption_key_groups.is_active is 'An inactive group has no recipients.';
comment on column ves_store.encryption_key_groups.created_by is 'Agent that made the group; null for an administrator.';
comment on column ves_store.encryption_key_groups.created_at is 'When it was made.';
comment on column ves_store.encryption_key_groups.updated_at is 'When it or its members changed last.';

create table ves_store.encryption_key_group_members (
  group_id uuid not null,
  tenant_id uuid not null,
  agent_id uuid not null,
  role text not null default 'member',
  encryption_key_id integer,
  added_by uuid,
  added_at timestamptz not null default now(),
  constraint encryption_key_group_members_pkey primary key (group_id, agent_id, tenant_id),
  constraint encryption_key_group_members_group_id_tenant_id_fkey
  foreign key (group_id, tenant_id) references ves_store.encryption_key_groups (group_id, tenant_id)
  on delete cascade,
  constraint member_role_is_known check (role in ('admin', 'member'))
);

create index encryption_key_group_members_group_id_tenant_id_idx
on ves_store.encryption_key_group_members (group_id, tenant_id);
create index encryption_key_group_members_agent_id_idx
on ves_store.encryption_key_group_members (agent_id, tenant_id);

comment on table ves_store.encryption_key_group_members is 'Who is in a group now; group_key_audit_log has who was.';
comment on column ves_store.encryption_key_group_members.group_id is 'Group.';
comment on column ves_store.encryption_key_group_members.tenant_id is 'Tenant.';
comment on column ves_store.encryption_key_group_members.agent_id is 'Member.';
comment on column ves_store.encryption_key_group_members.role is 'admin members may add and remove members.';
comment on column ves_store.encryption_key_group_members.encryption_key_id is 'Key to seal to while it is active, by bit pattern; null is the newest one of the agent.';
comment on column ves_store.encryption_key_group_members.added_by is 'Agent that added the member; null for an administrator.';
comment on column ves_store.encryption_key_group_members.added_at is 'When the member was added.';

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
