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
