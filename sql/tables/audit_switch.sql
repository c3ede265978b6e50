create table ves_store.audit_switch (
  singleton boolean not null default true,
  enabled boolean not null default true,
  constraint audit_switch_pkey primary key (singleton),
  constraint there_is_one_switch check (singleton)
);

insert into ves_store.audit_switch (singleton) values (true);

comment on table ves_store.audit_switch is
'Whether actions are audited (AUDIT_LOG_ENABLED). A row, not a setting: a session could change a setting, and turning this switch is itself audited.';
comment on column ves_store.audit_switch.singleton is 'Always true: the table has one row.';
comment on column ves_store.audit_switch.enabled is 'False: ves_int.audit writes nothing.';
