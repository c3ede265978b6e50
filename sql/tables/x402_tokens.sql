create table ves_store.x402_tokens (
  network text not null,
  asset text not null,
  token_address text not null,
  constraint x402_tokens_pkey primary key (network, asset),
  constraint x402_tokens_network_fkey foreign key (network) references ves_store.x402_networks (network),
  constraint asset_is_a_known_one check (asset in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth'))
);

insert into ves_store.x402_tokens (network, asset, token_address)
values
('set_chain', 'usdc', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913'),
('set_chain', 'ssusd', '0x0000000000000000000000000000000000001001'),
('arc', 'usdc', '0x3600000000000000000000000000000000000000'),
('arc_testnet', 'usdc', '0x3600000000000000000000000000000000000000'),
('base', 'usdc', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913'),
('ethereum', 'usdc', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'),
('ethereum', 'usdt', '0xdAC17F958D2ee523a2206206994597C13D831ec7'),
('ethereum', 'dai', '0x6B175474E89094C44Da98b954Ee4606eB48');

comment on table ves_store.x402_tokens is
'Token of each asset and network (x402 A3). The address of DAI is the original''s, which has 35 digits: an intent of it is sequenced but not settleable until ves.set_payment_token corrects it (x402 T10).';
comment on column ves_store.x402_tokens.network is 'The network.';
comment on column ves_store.x402_tokens.asset is 'The asset.';
comment on column ves_store.x402_tokens.token_address is 'Address in the spelling that answers show; never hashed.';
