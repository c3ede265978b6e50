create table ves_store.row_change_heads (
  tenant_id uuid not null,
  number bigint not null default 0,
  hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
  constraint row_change_heads_pkey primary key (tenant_id),
  constraint row_change_head_has_32_bytes check (octet_length(hash) = 32)
) with (fillfactor = 50);

comment on table ves_store.row_change_heads is
'Newest committed entry of each tenant in ves_store.row_changes; the next one is appended under this row''s lock.';
comment on column ves_store.row_change_heads.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_change_heads.number is 'Number of the newest entry; 0 before the first.';
comment on column ves_store.row_change_heads.hash is 'hash of the newest entry; zeros before the first.';
