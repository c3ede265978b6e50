create table ves_store.x402_sequence_counters (
  tenant_id uuid not null,
  store_id uuid not null,
  current_sequence bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint x402_sequence_counters_pkey primary key (tenant_id, store_id),
  constraint current_sequence_is_not_negative check (current_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.x402_sequence_counters is
'Highest number of the payment intents of each stream. Not a lock: submission holds the row of ves_sequence_counters.';
comment on column ves_store.x402_sequence_counters.tenant_id is 'Tenant.';
comment on column ves_store.x402_sequence_counters.store_id is 'Store.';
comment on column ves_store.x402_sequence_counters.current_sequence is 'Highest number given.';
comment on column ves_store.x402_sequence_counters.updated_at is 'Last change.';
