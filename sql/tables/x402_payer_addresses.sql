create table ves_store.x402_payer_addresses (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  payer_address text not null,
  bound_at timestamptz not null,
  constraint x402_payer_addresses_pkey primary key (agent_id, key_id, payer_address, tenant_id),
  constraint payer_address_has_20_bytes check (payer_address ~ '^0x[0-9a-f]{40}$')
);

comment on table ves_store.x402_payer_addresses is
'EVM addresses whose payments an agent''s key may sign (x402 T2). Append-only.';
comment on column ves_store.x402_payer_addresses.tenant_id is 'Tenant.';
comment on column ves_store.x402_payer_addresses.agent_id is 'Agent.';
comment on column ves_store.x402_payer_addresses.key_id is 'Number of the agent''s key, unsigned 32 bits by bit pattern.';
comment on column ves_store.x402_payer_addresses.payer_address is 'The address, lower case with 0x.';
comment on column ves_store.x402_payer_addresses.bound_at is 'When it was stored.';
