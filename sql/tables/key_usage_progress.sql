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
