create table ves_store.row_changes (
  tenant_id uuid not null,
  number bigint not null,
  table_name text not null,
  row_key text not null,
  row_hash bytea,
  changed_at timestamptz not null,
  changed_by text not null,
  added integer not null,
  hash bytea not null,
  constraint row_changes_pkey primary key (tenant_id, number),
  constraint number_starts_at_one check (number >= 1),
  constraint row_hash_has_32_bytes check (octet_length(row_hash) = 32),
  constraint chain_hash_has_32_bytes check (octet_length(hash) = 32),
  constraint adds_at_most_one_row check (added between -1 and 1)
);

comment on table ves_store.row_changes is
'What every insert, update and delete left of a row of the slowly changing tables (keys, schemas, groups, proofs, commitments, settings, streams), numbered and hash-chained per tenant. Append-only; ves.verify_audit compares the rows with it.';
comment on column ves_store.row_changes.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_changes.number is 'Place in the tenant''s chain: 1, 2, 3, … without a gap.';
comment on column ves_store.row_changes.table_name is 'Table of ves_store.';
comment on column ves_store.row_changes.row_key is 'Primary key of the row: a JSON array of its values.';
comment on column ves_store.row_changes.row_hash is 'ves_int.row_hash of the row after the change, 32 bytes; null when it was deleted.';
comment on column ves_store.row_changes.changed_at is 'When.';
comment on column ves_store.row_changes.changed_by is 'Role that was logged in.';
comment on column ves_store.row_changes.added is 'What the change adds to the rows of the table: 1, 0, or -1 of a deletion.';
comment on column ves_store.row_changes.hash is 'ves_int.row_change_hash of the entry and the one before it, 32 bytes.';
