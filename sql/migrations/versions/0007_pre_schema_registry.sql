-- The schema registry (operations 6). Frozen once released; sql/types and sql/tables hold the desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create type ves.event_schema as (
  schema_id uuid,
  tenant_id uuid,
  event_type text,
  version integer,
  schema_json json,
  status text,
  compatibility text,
  description text,
  created_at timestamptz,
  updated_at timestamptz,
  created_by text
);

comment on type ves.event_schema is 'One registered JSON Schema (operations 6); schema_json is the text as received.';

create table ves_store.event_schemas (
  tenant_id uuid not null,
  schema_id uuid not null,
  event_type text not null,
  version integer not null,
  schema_json json not null,
  status text not null default 'active',
  compatibility text not null default 'backward',
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by text,
  constraint event_schemas_pkey primary key (schema_id, tenant_id),
  constraint event_schemas_event_type_tenant_id_version_key unique (event_type, tenant_id, version),
  constraint event_type_has_1_to_256_bytes check (octet_length(event_type) between 1 and 256),
  constraint version_is_positive check (version >= 1),
  constraint schema_json_has_at_most_100_kib check (octet_length(schema_json::text) <= 102400),
  constraint schema_status_is_known check (status in ('active', 'deprecated', 'archived')),
  constraint compatibility_mode_is_known check (compatibility in ('none', 'backward', 'forward', 'full')),
  constraint description_has_at_most_2048_bytes check (octet_length(description) <= 2048)
);

create index event_schemas_tenant_id_event_type_version_idx
on ves_store.event_schemas (tenant_id, event_type, version desc);

comment on table ves_store.event_schemas is
'JSON Schemas of payloads by event type (operations 6), versions from 1 for each tenant and type. The newest active one is checked at ingest.';
comment on column ves_store.event_schemas.tenant_id is 'Tenant.';
comment on column ves_store.event_schemas.schema_id is 'Random UUID.';
comment on column ves_store.event_schemas.event_type is 'Event type whose payloads it describes, 1 to 256 bytes.';
comment on column ves_store.event_schemas.version is 'Counts from 1 for each tenant and event type; a deleted highest number is given again.';
comment on column ves_store.event_schemas.schema_json is 'The JSON Schema as received, at most 100 KiB. Never changes.';
comment on column ves_store.event_schemas.status is 'active, deprecated or archived; only active ones are checked at ingest.';
comment on column ves_store.event_schemas.compatibility is 'Mode stated at registration; backward when none was, and then nothing was compared.';
comment on column ves_store.event_schemas.description is 'Free text, at most 2048 bytes.';
comment on column ves_store.event_schemas.created_at is 'When it was registered.';
comment on column ves_store.event_schemas.updated_at is 'Last change of status.';
comment on column ves_store.event_schemas.created_by is 'Database role that registered it over SQL; null for the API, whose caller is in the audit log.';

create table ves_store.schema_epochs (
  tenant_id uuid not null,
  epoch bigint not null default 1,
  constraint schema_epochs_pkey primary key (tenant_id)
) with (fillfactor = 50);

comment on table ves_store.schema_epochs is
'Grows with every change of a tenant''s schemas; no row until the first. An edge that checked payloads against cached schemas passes the epoch it saw; an older one is refused, so a change holds at once in every process.';
comment on column ves_store.schema_epochs.tenant_id is 'Tenant.';
comment on column ves_store.schema_epochs.epoch is 'Current epoch, from 1; a tenant without a row is at 0.';
