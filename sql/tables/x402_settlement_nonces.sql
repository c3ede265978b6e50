create table ves_store.x402_settlement_nonces (
  chain_id bigint not null,
  settlement_contract text not null,
  payer_address text not null,
  nonce bigint not null,
  tenant_id uuid not null,
  intent_id uuid not null,
  constraint x402_settlement_nonces_pkey primary key (payer_address, nonce, chain_id, settlement_contract)
);

comment on table ves_store.x402_settlement_nonces is
'Nonces reserved in a settlement contract, which uses each once per payer over all tenants and for ever (x402 T6): therefore the key without a tenant. Append-only.';
comment on column ves_store.x402_settlement_nonces.chain_id is 'Chain of the contract.';
comment on column ves_store.x402_settlement_nonces.settlement_contract is 'Contract, lower case.';
comment on column ves_store.x402_settlement_nonces.payer_address is 'Payer, lower case with 0x.';
comment on column ves_store.x402_settlement_nonces.nonce is 'Unsigned 64 bits by bit pattern.';
comment on column ves_store.x402_settlement_nonces.tenant_id is 'Tenant of the intent.';
comment on column ves_store.x402_settlement_nonces.intent_id is 'Intent that uses it.';
