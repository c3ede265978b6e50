create table ves_store.cursor_keys (
  tenant_id uuid not null,
  store_id uuid not null,
  consumer text not null,
  constraint cursor_keys_pkey primary key (tenant_id, store_id, consumer),
  constraint consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64)
);

comment on table ves_store.cursor_keys is
'Which consumers follow which streams: one row for each cursor. A row never changes, so its unique index has no dead entries however often the cursor moves; deleting it deletes the cursor.';
comment on column ves_store.cursor_keys.tenant_id is 'Tenant.';
comment on column ves_store.cursor_keys.store_id is 'Store.';
comment on column ves_store.cursor_keys.consumer is 'Name of the consumer, 1 to 64 bytes.';
