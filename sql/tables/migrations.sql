create table ves_store.migrations (
  name text not null,
  checksum bytea not null,
  breaking_level integer not null,
  duration interval not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint migrations_pkey primary key (name),
  constraint migration_name_is_numbered check (name ~ '^[0-9]{4}_[a-z0-9_]+$'),
  constraint checksum_has_32_bytes check (octet_length(checksum) = 32),
  constraint breaking_level_is_positive check (breaking_level >= 1)
);

comment on table ves_store.migrations is 'Ledger of the migrations that ran in this database. The installer refuses to run when a checksum differs from the release''s file.';
comment on column ves_store.migrations.name is 'Number, phase and subject, as the files in sql/migrations/versions are named.';
comment on column ves_store.migrations.checksum is 'SHA-256 over the migration''s files when it ran.';
comment on column ves_store.migrations.breaking_level is 'Edges whose release knows a lower level refuse to start after this migration.';
comment on column ves_store.migrations.duration is 'How long it ran.';
comment on column ves_store.migrations.applied_at is 'When its transaction ended its work.';
