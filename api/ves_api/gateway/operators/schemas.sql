-- The schema registry, as the operator keeps it. Sent as role ves_admin.

-- name: list_schemas
-- Schemas of a tenant, by event type and newest first.
select
  found.schema_id,
  found.event_type,
  found.version,
  found.status,
  found.compatibility,
  found.description,
  found.created_at,
  found.updated_at,
  found.created_by
from ves.list_schemas(tenant_id => %(tenant_id)s) as found;

-- name: get_schema
-- One schema of a tenant with its text as received.
select
  found.schema_id,
  found.event_type,
  found.version,
  found.status,
  found.compatibility,
  found.description,
  found.schema_json::text as schema_json
from ves.get_schema(tenant_id => %(tenant_id)s, schema_id => %(schema_id)s) as found;

-- name: register_schema
-- The next version of an event type's schema, compiled and compared in the database.
select
  stored.schema_id,
  stored.version,
  stored.status,
  stored.compatibility
from ves.register_schema(
  tenant_id => %(tenant_id)s,
  event_type => %(event_type)s,
  schema_json => %(schema_json)s::json,
  description => %(description)s,
  compatibility => %(compatibility)s,
  context => %(context)s::jsonb
) as stored;

-- name: set_schema_status
-- Make a schema active, deprecated or archived.
select ves.set_schema_status(
  tenant_id => %(tenant_id)s, schema_id => %(schema_id)s, status => %(status)s, context => %(context)s::jsonb
);

-- name: delete_schema
-- Delete a schema; stored events stay.
select ves.delete_schema(tenant_id => %(tenant_id)s, schema_id => %(schema_id)s, context => %(context)s::jsonb);

-- name: find_schema
-- The newest active schema of an event type, or a version of any status, with its text as received.
select
  found.schema_id,
  found.version,
  found.schema_json::text as schema_json
from ves.list_schema_versions(
  tenant_id => %(tenant_id)s, event_type => %(event_type)s, version => %(version)s
) as found
where %(version)s::integer is not null or found.status = 'active'
order by found.version desc
limit 1;
