create table ves_store.x402_batches_to_divide (
  chain_id bigint not null,
  tenant_id uuid not null,
  batch_id uuid not null,
  store_id uuid not null,
  constraint x402_batches_to_divide_pkey primary key (chain_id, tenant_id, batch_id),
  constraint x402_batches_to_divide_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id)
);

create index x402_batches_to_divide_batch_id_tenant_id_idx
on ves_store.x402_batches_to_divide (batch_id, tenant_id);

comment on table ves_store.x402_batches_to_divide is
'Payment batches with settleable intents that ves.plan_settlements has yet to divide into parts: new ones, and those of which a part failed.';
comment on column ves_store.x402_batches_to_divide.chain_id is 'Chain on which they settle.';
comment on column ves_store.x402_batches_to_divide.tenant_id is 'Tenant.';
comment on column ves_store.x402_batches_to_divide.batch_id is 'Batch.';
comment on column ves_store.x402_batches_to_divide.store_id is 'Store of the batch.';
