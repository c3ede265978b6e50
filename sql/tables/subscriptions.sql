create table ves_store.subscriptions (
  tenant_id uuid not null,
  subscription_id bigint generated always as identity,
  name ves_int.printable_name not null,
  kind text not null,
  created_at timestamptz not null,
  created_by xid8 not null,
  opened_at timestamptz,
  constraint subscriptions_pkey primary key (tenant_id, subscription_id),
  constraint subscriptions_tenant_id_name_key unique (tenant_id, name),
  constraint subscription_name_has_1_to_48_bytes check (octet_length(name) between 1 and 48),
  constraint subscription_kind_is_known check (kind in ('group', 'queue', 'feed'))
);

comment on table ves_store.subscriptions is
'Consumers of all VES streams of a tenant (ves.subscribe). Their position in each stream is a row of ves_store.cursors, whose consumer is ves_int.cursor_name.';
comment on column ves_store.subscriptions.tenant_id is 'Tenant.';
comment on column ves_store.subscriptions.subscription_id is 'Number of the row, over all tenants.';
comment on column ves_store.subscriptions.name is 'Name, 1 to 48 bytes without control characters, unique in the tenant.';
comment on column ves_store.subscriptions.kind is
'group: members share the streams (ves.fetch_ranges); queue: messages of queue ves_ranges (ves.read_queue); feed: one order over all streams (ves.read_feed).';
comment on column ves_store.subscriptions.created_at is 'When it was made.';
comment on column ves_store.subscriptions.created_by is 'Transaction that made it; a later one opens it.';
comment on column ves_store.subscriptions.opened_at is 'When the streams that existed got their cursors; null: not yet.';
