create table ves_store.audit_heads (
  tenant_id uuid not null,
  number bigint not null default 0,
  hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
  constraint audit_heads_pkey primary key (tenant_id),
  constraint audit_head_has_32_bytes check (octet_length(hash) = 32)
) with (fillfactor = 50);

comment on table ves_store.audit_heads is
'Newest committed audit entry of each tenant: the next one is appended under this row''s lock, and a chain that ends earlier has lost its newest rows.';
comment on column ves_store.audit_heads.tenant_id is 'Tenant; the nil UUID for actions on the whole system.';
comment on column ves_store.audit_heads.number is 'Number of the newest entry; 0 before the first.';
comment on column ves_store.audit_heads.hash is 'hash of the newest entry; zeros before the first.';
