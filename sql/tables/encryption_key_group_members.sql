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
