create table ves_store.x402_batch_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint x402_batch_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint x402_batch_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

comment on table ves_store.x402_batch_nodes is 'The tree of a payment batch, one row a level (x402 A9). Append-only.';
comment on column ves_store.x402_batch_nodes.tenant_id is 'Tenant.';
comment on column ves_store.x402_batch_nodes.batch_id is 'Batch.';
comment on column ves_store.x402_batch_nodes.level is '0 = leaves.';
comment on column ves_store.x402_batch_nodes.nodes is
'Concatenated 32-byte nodes; an unpaired last one is repeated unchanged in the level above.';
