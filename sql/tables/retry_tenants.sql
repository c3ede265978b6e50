create table ves_store.retry_tenants (
  consumer text not null,
  tenant_id uuid not null,
  constraint retry_tenants_pkey primary key (consumer, tenant_id)
);

comment on table ves_store.retry_tenants is
'Tenants that have had a dead letter of a consumer that serves all tenants, which takes them in turns (ves_int.next_retry_tenant).';
comment on column ves_store.retry_tenants.consumer is 'Consumer of messages of queue ves_dead_letters.';
comment on column ves_store.retry_tenants.tenant_id is 'Tenant.';
