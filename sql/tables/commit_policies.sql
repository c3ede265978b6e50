create table ves_store.commit_policies (
  tenant_id uuid not null,
  store_id uuid not null,
  mode text not null,
  max_events integer not null,
  max_age interval not null,
  constraint commit_policies_pkey primary key (tenant_id, store_id),
  constraint commit_mode_is_known check (mode in ('manual', 'automatic')),
  constraint commit_size_is_in_range check (max_events between 1 and 1048576),
  constraint commit_age_is_in_range check (max_age between interval '0' and interval '366 days')
);

comment on table ves_store.commit_policies is 'Commit policies of streams that differ from ves_store.commit_default.';
comment on column ves_store.commit_policies.tenant_id is 'Tenant.';
comment on column ves_store.commit_policies.store_id is 'Store.';
comment on column ves_store.commit_policies.mode is 'As in commit_default.';
comment on column ves_store.commit_policies.max_events is 'As in commit_default.';
comment on column ves_store.commit_policies.max_age is 'As in commit_default.';
