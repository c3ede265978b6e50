create table ves_store.errors (
  code text not null,
  name text not null,
  wire_code text not null,
  numeric_code integer not null,
  http smallint not null,
  grpc text not null,
  retry boolean not null,
  message text not null,
  detail_fields text[] not null default '{}',
  constraint errors_pkey primary key (code),
  constraint errors_name_key unique (name),
  constraint code_is_private_sqlstate check (code ~ '^VE[0-9]{3}$')
);

comment on table ves_store.errors is 'The registry of refusals, loaded from sql/errors/errors.csv at every install.';
comment on column ves_store.errors.code is 'SQLSTATE, class VE.';
comment on column ves_store.errors.name is 'Symbol used by ves_int.raise_error and by the Python code.';
comment on column ves_store.errors.wire_code is 'Code in the JSON error body.';
comment on column ves_store.errors.numeric_code is 'Numeric code in the JSON error body.';
comment on column ves_store.errors.http is 'HTTP status.';
comment on column ves_store.errors.grpc is 'gRPC status name.';
comment on column ves_store.errors.retry is 'True when the same request may succeed later without a change.';
comment on column ves_store.errors.message is 'Default message.';
comment on column ves_store.errors.detail_fields is 'Members that the JSON detail may carry.';
