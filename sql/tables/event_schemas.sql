create table ves_store.event_schemas (
  schema_id uuid not null,
  tenant_id uuid not null,
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
on ves_store.event_schemas (tenant_id, event_type collate "C", version desc);

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

-- Any status may follow any (operations 6).
insert into ves_store.transitions (machine, from_state, to_state) values
('event_schemas.status', '', 'active'),
('event_schemas.status', 'active', 'deprecated'),
('event_schemas.status', 'active', 'archived'),
('event_schemas.status', 'deprecated', 'active'),
('event_schemas.status', 'deprecated', 'archived'),
('event_schemas.status', 'archived', 'active'),
('event_schemas.status', 'archived', 'deprecated');
