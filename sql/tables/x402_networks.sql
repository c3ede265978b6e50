create table ves_store.x402_networks (
  network text not null,
  chain_id bigint not null,
  is_testnet boolean not null,
  settlement_contract text,
  constraint x402_networks_pkey primary key (network),
  constraint settlement_contract_is_an_address check (settlement_contract ~ '^0x[0-9a-f]{40}$')
);

insert into ves_store.x402_networks (network, chain_id, is_testnet)
values
('set_chain', 84532001, false),
('set_chain_testnet', 84532002, true),
('arc', 5042001, false),
('arc_testnet', 5042002, true),
('base', 8453, false),
('base_sepolia', 84532, true),
('ethereum', 1, false),
('ethereum_sepolia', 11155111, true),
('arbitrum', 42161, false),
('optimism', 10, false);

comment on table ves_store.x402_networks is
'Networks of payment intents (x402 A2). The names and chain ids are those of the protocol library, which hashes them.';
comment on column ves_store.x402_networks.network is 'Name on the wire, in hashes and here.';
comment on column ves_store.x402_networks.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_networks.is_testnet is 'Whether its money is without value.';
comment on column ves_store.x402_networks.settlement_contract is
'Address of the settlement contract, lower case; null: intents of the network are not settled by this server.';
