create table ves_store.schema_epochs (
  tenant_id uuid not null,
  epoch bigint not null default 1,
  constraint schema_epochs_pkey primary key (tenant_id)
) with (fillfactor = 50);

comment on table ves_store.schema_epochs is
'Grows with every change of a tenant''s schemas; no row until the first. An edge that checked payloads against cached schemas passes the epoch it saw; an older one is refused, so a change holds at once in every process.';
comment on column ves_store.schema_epochs.tenant_id is 'Tenant.';
comment on column ves_store.schema_epochs.epoch is 'Current epoch, from 1; a tenant without a row is at 0.';
