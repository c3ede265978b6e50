create table ves_store.event_command_dedupe (
  tenant_id uuid not null,
  store_id uuid not null,
  command_id uuid not null,
  created_at timestamptz not null default now(),
  -- The selective column first, as in ves_command_dedupe.
  constraint event_command_dedupe_pkey primary key (command_id, tenant_id, store_id)
);

comment on table ves_store.event_command_dedupe is 'Command ids used in a legacy stream; one accepted event per command.';
comment on column ves_store.event_command_dedupe.tenant_id is 'Tenant.';
comment on column ves_store.event_command_dedupe.store_id is 'Store.';
comment on column ves_store.event_command_dedupe.command_id is 'Command id of an accepted event.';
comment on column ves_store.event_command_dedupe.created_at is 'When the event was accepted.';
