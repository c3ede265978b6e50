create table ves_store.encryption_key_groups (
  group_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  name ves_int.printable_name not null,
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
comment on column ves_store.encryption_key_groups.name is 'Name, 1 to 255 characters without control characters, unique in the tenant.';
comment on column ves_store.encryption_key_groups.description is 'Free text.';
comment on column ves_store.encryption_key_groups.is_active is 'An inactive group has no recipients.';
comment on column ves_store.encryption_key_groups.created_by is 'Agent that made the group; null for an administrator.';
comment on column ves_store.encryption_key_groups.created_at is 'When it was made.';
comment on column ves_store.encryption_key_groups.updated_at is 'When it or its members changed last.';
