create table ves_store.x402_origins (
  tenant_id uuid not null,
  origin text not null,
  constraint x402_origins_pkey primary key (origin, tenant_id),
  constraint origin_is_of_http check (origin ~ '^https?://[a-z0-9.:-]{1,255}$')
);

comment on table ves_store.x402_origins is
'Origins whose paid resources the facilitator lists (x402 B5). A payer sends back the URL and the description of what it pays for, so without this a payer could have any URL listed as the seller''s.';
comment on column ves_store.x402_origins.tenant_id is 'Seller.';
comment on column ves_store.x402_origins.origin is 'Scheme, host and port, lower case, without a final slash.';
