create table ves_store.row_counts (
  tenant_id uuid not null,
  table_name text not null,
  row_count bigint not null,
  constraint row_counts_pkey primary key (tenant_id, table_name)
) with (fillfactor = 50);

comment on table ves_store.row_counts is
'Rows of each watched table (ves_int.watch_table) for each tenant, counted at the commit under the lock of the tenant''s row in row_change_heads, so that a limit costs one look-up.';
comment on column ves_store.row_counts.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_counts.table_name is 'Table of ves_store.';
comment on column ves_store.row_counts.row_count is 'Rows of the table; of counters, streams with at least one event.';
