create table ves_store.schema_state (
  singleton boolean not null default true,
  engine_version text not null,
  logic_hash text not null,
  mode text not null,
  applied_at timestamptz not null default now(),
  constraint schema_state_pkey primary key (singleton),
  constraint there_is_one_row check (singleton),
  constraint mode_is_known check (mode in ('full', 'core'))
);

comment on table ves_store.schema_state is 'Which engine is installed: version, hash of the re-applied logic files, full or core mode.';
comment on column ves_store.schema_state.singleton is 'Always true: the table has one row.';
comment on column ves_store.schema_state.engine_version is 'Version of the release that applied the logic.';
comment on column ves_store.schema_state.logic_hash is 'SHA-256 (hex) over all logic files in load order.';
comment on column ves_store.schema_state.mode is 'full: PL/Python is present; core: no in-database cryptography.';
comment on column ves_store.schema_state.applied_at is 'When the logic was last applied.';
