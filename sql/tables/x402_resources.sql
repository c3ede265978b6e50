create table ves_store.x402_resources (
  tenant_id uuid not null,
  origin text not null,
  resource text not null,
  method text not null,
  x402_version integer not null,
  network text not null,
  payee_address text not null,
  item text not null,
  last_paid_at timestamptz not null,
  constraint x402_resources_pkey primary key (resource, method, tenant_id),
  constraint x402_resources_origin_tenant_id_fkey
  foreign key (origin, tenant_id) references ves_store.x402_origins (origin, tenant_id) on delete cascade,
  constraint resource_is_below_its_origin check (
    resource = origin or starts_with(resource, origin || '/')
  ),
  constraint method_is_of_http check (method ~ '^[A-Z]{3,6}$'),
  constraint version_is_1_or_2 check (x402_version in (1, 2)),
  constraint payee_address_is_an_address check (payee_address ~ '^0x[0-9a-f]{40}$'),
  constraint resource_texts_have_their_lengths check (
    octet_length(resource) <= 2048 and octet_length(network) <= 128 and octet_length(item) <= 8192
  )
);

create index x402_resources_origin_tenant_id_idx on ves_store.x402_resources (origin, tenant_id);
create index x402_resources_last_paid_idx on ves_store.x402_resources (last_paid_at);
create index x402_resources_tenant_idx on ves_store.x402_resources (tenant_id, last_paid_at);

comment on table ves_store.x402_resources is
'Paid resources that the facilitator lists (x402 B5): what their sellers declared discoverable, with the terms of the latest payment. At most 100 of a tenant; ves.record_paid_resource deletes the others, and those without a payment for 30 days.';
comment on column ves_store.x402_resources.tenant_id is 'Tenant of the credential that settled the payment.';
comment on column ves_store.x402_resources.origin is 'Origin that the tenant has listed.';
comment on column ves_store.x402_resources.resource is 'URL without query and fragment.';
comment on column ves_store.x402_resources.method is 'HTTP method.';
comment on column ves_store.x402_resources.x402_version is 'Version of the latest payment.';
comment on column ves_store.x402_resources.network is 'Network of the latest payment, in the spelling of its version.';
comment on column ves_store.x402_resources.payee_address is 'Payee of the latest payment, lower case.';
comment on column ves_store.x402_resources.item is 'The entry as JSON, without lastUpdated.';
comment on column ves_store.x402_resources.last_paid_at is 'Latest payment; up to a minute older while the entry stays the same.';
