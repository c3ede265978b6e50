create table ves_store.tenant_projectors (
  tenant_id uuid not null,
  store_id uuid not null,
  name text not null,
  function text not null,
  registered_at timestamptz not null default clock_timestamp(),
  constraint tenant_projectors_pkey primary key (tenant_id, store_id, name),
  constraint projector_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{0,47}$')
);

comment on table ves_store.tenant_projectors is
'Projectors of agents (ves.register_projector): a function of a role of their own for the VES stream of a store. Their checkpoints are cursors of consumer projector/<name>.';
comment on column ves_store.tenant_projectors.tenant_id is 'Tenant.';
comment on column ves_store.tenant_projectors.store_id is 'Store.';
comment on column ves_store.tenant_projectors.name is 'Name in its store.';
comment on column ves_store.tenant_projectors.function is 'schema.name of a function f(events json) returns void.';
comment on column ves_store.tenant_projectors.registered_at is 'When.';
