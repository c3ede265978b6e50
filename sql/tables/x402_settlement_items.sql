create table ves_store.x402_settlement_items (
  tenant_id uuid not null,
  intent_id uuid not null,
  batch_id uuid not null,
  part integer not null,
  is_live boolean not null default true,
  constraint x402_settlement_items_pkey primary key (batch_id, part, intent_id, tenant_id),
  constraint x402_settlement_items_batch_id_part_tenant_id_fkey
  foreign key (batch_id, part, tenant_id) references ves_store.x402_settlements (batch_id, part, tenant_id)
);

create index x402_settlement_items_part_idx on ves_store.x402_settlement_items (batch_id, part, tenant_id);

create unique index x402_settlement_items_live_idx on ves_store.x402_settlement_items (intent_id, tenant_id)
where is_live;

comment on table ves_store.x402_settlement_items is
'Intents of each part of a batch. A unique index keeps an intent from being in two parts that could both pay it.';
comment on column ves_store.x402_settlement_items.tenant_id is 'Tenant.';
comment on column ves_store.x402_settlement_items.intent_id is 'Intent.';
comment on column ves_store.x402_settlement_items.batch_id is 'Batch.';
comment on column ves_store.x402_settlement_items.part is 'Part of the batch.';
comment on column ves_store.x402_settlement_items.is_live is 'Whether the part could still pay it, or has; false once the part failed.';
