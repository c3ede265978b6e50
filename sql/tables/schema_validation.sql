create table ves_store.schema_validation (
  singleton boolean not null default true,
  mode text not null default 'enforce',
  constraint schema_validation_pkey primary key (singleton),
  constraint there_is_one_validation_mode check (singleton),
  constraint validation_mode_is_known check (mode in ('disabled', 'warn', 'enforce', 'required'))
);

insert into ves_store.schema_validation (singleton) values (true);

comment on table ves_store.schema_validation is
'How the SQL doors check payloads against schemas (operations 6.3; ves.set_schema_validation_mode). A row, not a setting: a session could change a setting, and a change is audited.';
comment on column ves_store.schema_validation.singleton is 'Always true: the table has one row.';
comment on column ves_store.schema_validation.mode is
'disabled: nothing is checked; warn: a payload that does not fit is stored and the log says so; enforce: it is refused; required: so is an event type without a schema.';
