-- The schema registry. Sent as role ves_api; only objects of schema ves.

-- name: get_compared_schemas
-- Earlier versions that a new schema is compared with, beside the highest version there is.
select compared.highest_version, compared.version, compared.schema_json::text
from ves.get_compared_schemas(tenant_id => %(tenant_id)s, event_type => %(event_type)s) as compared;

-- name: store_schema
-- The next version of a schema that this process has compiled and compared.
select stored.schema_id, stored.version, stored.created_at
from ves.store_schema(
  tenant_id => %(tenant_id)s,
  event_type => %(event_type)s,
  schema_json => %(schema_json)s::json,
  description => %(description)s,
  compatibility => %(compatibility)s,
  checked_version => %(checked_version)s,
  context => %(context)s::jsonb
) as stored;

-- name: get_schema
-- One schema of a tenant; the nil tenant looks in all.
select
  found.schema_id, found.tenant_id, found.event_type, found.version, found.schema_json::text, found.status,
  found.compatibility, found.description, found.created_at, found.updated_at, found.created_by
from ves.get_schema(tenant_id => %(tenant_id)s, schema_id => %(schema_id)s) as found;

-- name: list_schemas
-- Schemas of a tenant, by event type and newest first.
select
  found.schema_id, found.tenant_id, found.event_type, found.version, found.schema_json::text, found.status,
  found.compatibility, found.description, found.created_at, found.updated_at, found.created_by
from ves.list_schemas(tenant_id => %(tenant_id)s) as found;

-- name: list_schema_versions
-- Versions of an event type's schema, newest first; one of them if a version is given.
select
  found.schema_id, found.tenant_id, found.event_type, found.version, found.schema_json::text, found.status,
  found.compatibility, found.description, found.created_at, found.updated_at, found.created_by
from ves.list_schema_versions(
  tenant_id => %(tenant_id)s, event_type => %(event_type)s, version => %(version)s
) as found;

-- name: get_latest_schema
-- The newest active schema of an event type.
select
  found.schema_id, found.tenant_id, found.event_type, found.version, found.schema_json::text, found.status,
  found.compatibility, found.description, found.created_at, found.updated_at, found.created_by
from ves.get_latest_schema(tenant_id => %(tenant_id)s, event_type => %(event_type)s) as found;

-- name: get_active_schemas
-- What ingest checks payloads against, with the epoch at which it was read.
select active.schema_epoch, active.event_type, active.schema_id, active.version, active.schema_json::text
from ves.get_active_schemas(tenant_id => %(tenant_id)s, event_types => %(event_types)s) as active;

-- name: set_schema_status
-- Make a schema active, deprecated or archived.
select ves.set_schema_status(
  tenant_id => %(tenant_id)s, schema_id => %(schema_id)s, status => %(status)s, context => %(context)s::jsonb
);

-- name: delete_schema
-- Delete a schema.
select ves.delete_schema(tenant_id => %(tenant_id)s, schema_id => %(schema_id)s, context => %(context)s::jsonb);
