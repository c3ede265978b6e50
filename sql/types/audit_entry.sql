create type ves.audit_entry as (
  tenant_id uuid,
  number bigint,
  id uuid,
  timestamp timestamptz,
  action text,
  actor text,
  actor_type text,
  database_role text,
  resource_type text,
  resource_id text,
  request_id text,
  ip_address text,
  user_agent text,
  details jsonb,
  success boolean,
  error_message text,
  previous_hash bytea,
  hash bytea
);

comment on type ves.audit_entry is 'One entry of the audit log; the columns are those of ves_store.audit_log.';
