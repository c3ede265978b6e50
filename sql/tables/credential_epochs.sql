create table ves_store.credential_epochs (
  tenant_id uuid not null,
  epoch bigint not null,
  constraint credential_epochs_pkey primary key (tenant_id)
) with (fillfactor = 50);

comment on table ves_store.credential_epochs is
'Grows with every change of a stored credential of the tenant. An edge that cached credentials passes the epoch it saw; another one is refused, so a revocation holds at once in every process.';
comment on column ves_store.credential_epochs.tenant_id is 'Tenant; one without a row has epoch 0.';
comment on column ves_store.credential_epochs.epoch is 'Current epoch.';
