create table ves_store.entity_versions (
  tenant_id uuid not null,
  store_id uuid not null,
  entity_type text not null,
  entity_id text not null,
  version bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint entity_versions_pkey primary key (entity_id, entity_type, store_id, tenant_id),
  constraint version_is_not_negative check (version >= 0)
) with (fillfactor = 80);

comment on table ves_store.entity_versions is 'Accepted events per entity (VES 15), the ground of optimistic concurrency.';
comment on column ves_store.entity_versions.tenant_id is 'Tenant.';
comment on column ves_store.entity_versions.store_id is 'Store.';
comment on column ves_store.entity_versions.entity_type is 'Entity type.';
comment on column ves_store.entity_versions.entity_id is 'Entity id.';
comment on column ves_store.entity_versions.version is 'Number of accepted events.';
comment on column ves_store.entity_versions.updated_at is 'Last change.';
