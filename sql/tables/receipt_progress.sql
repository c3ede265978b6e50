create table ves_store.receipt_progress (
  tenant_id uuid not null,
  store_id uuid not null,
  receipts_to bigint not null,
  constraint receipt_progress_pkey primary key (tenant_id, store_id)
);

comment on table ves_store.receipt_progress is 'How far every receipt of a stream is stored, so that looking for missing ones never starts over.';
comment on column ves_store.receipt_progress.tenant_id is 'Tenant.';
comment on column ves_store.receipt_progress.store_id is 'Store.';
comment on column ves_store.receipt_progress.receipts_to is 'Receipts 1 .. receipts_to are stored.';
