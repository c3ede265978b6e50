create table ves_store.subscription_members (
  tenant_id uuid not null,
  subscription_id bigint not null,
  member ves_int.printable_name not null,
  expires_at timestamptz not null,
  constraint subscription_members_pkey primary key (tenant_id, subscription_id, member),
  constraint subscription_members_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint member_has_1_to_64_bytes check (octet_length(member) between 1 and 64)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.subscription_members is 'Members of consumer groups whose lease runs (ves.fetch_ranges).';
comment on column ves_store.subscription_members.tenant_id is 'Tenant.';
comment on column ves_store.subscription_members.subscription_id is 'Group.';
comment on column ves_store.subscription_members.member is 'Name that the member gave itself, 1 to 64 bytes without control characters.';
comment on column ves_store.subscription_members.expires_at is 'When others may take its slots.';
