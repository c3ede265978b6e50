create table ves_store.audit_log (
  tenant_id uuid not null,
  number bigint not null,
  id uuid not null,
  timestamp timestamptz not null,
  action text not null,
  actor text not null,
  actor_type text not null,
  database_role text not null,
  resource_type text,
  resource_id text,
  request_id text,
  ip_address text,
  user_agent text,
  details jsonb not null,
  success boolean not null,
  error_message text,
  previous_hash bytea not null,
  hash bytea not null,
  constraint audit_log_pkey primary key (tenant_id, number),
  constraint number_starts_at_one check (number >= 1),
  constraint action_is_known check (
    action in (
      'api_key_created', 'api_key_revoked', 'api_key_updated', 'schema_registered', 'schema_updated',
      'schema_deleted', 'schema_activated', 'schema_deprecated', 'agent_key_registered', 'agent_key_rotated',
      'agent_key_revoked', 'config_updated', 'events_purged', 'commitment_deleted', 'dead_letter_retried',
      'dead_letter_purged', 'login_success', 'login_failure', 'token_refreshed'
    ) or action ~ '^custom:[a-z0-9_.-]{1,100}$'
  ),
  constraint actor_type_is_known check (
    actor_type in ('api_key', 'jwt', 'bootstrap', 'public', 'cli', 'database')
  ),
  constraint audit_hashes_have_32_bytes check (octet_length(previous_hash) = 32 and octet_length(hash) = 32)
);

comment on table ves_store.audit_log is
'Administrative and authentication actions (operations 8), numbered and hash-chained per tenant. Append-only; ves.verify_audit finds a removed, changed or reordered row.';
comment on column ves_store.audit_log.tenant_id is 'Tenant that the action was about; the nil UUID for actions on the whole system.';
comment on column ves_store.audit_log.number is 'Place in the tenant''s chain: 1, 2, 3, … without a gap.';
comment on column ves_store.audit_log.id is 'Random UUID.';
comment on column ves_store.audit_log.timestamp is 'When the entry was written.';
comment on column ves_store.audit_log.action is 'What was done: a name of operations 8, or custom: and a name.';
comment on column ves_store.audit_log.actor is 'Who did it: an agent, the start of a key''s hash, a token''s id, or a database role. Never a secret.';
comment on column ves_store.audit_log.actor_type is 'How the actor was known: api_key, jwt, bootstrap, public, cli or database.';
comment on column ves_store.audit_log.database_role is 'Role that was logged in to the database: what the server itself knows, whatever the caller said.';
comment on column ves_store.audit_log.resource_type is 'Kind of thing acted on, such as api_key.';
comment on column ves_store.audit_log.resource_id is 'Which one.';
comment on column ves_store.audit_log.request_id is 'Request that asked for it, as the caller told.';
comment on column ves_store.audit_log.ip_address is 'Client address, as the edge saw it.';
comment on column ves_store.audit_log.user_agent is 'Client software, as it calls itself.';
comment on column ves_store.audit_log.details is 'What else there is to know; never a secret or an event''s payload.';
comment on column ves_store.audit_log.success is 'Whether it was done.';
comment on column ves_store.audit_log.error_message is 'Why it was not done.';
comment on column ves_store.audit_log.previous_hash is 'hash of the entry before; zeros for the first.';
comment on column ves_store.audit_log.hash is 'SHA-256 over all other columns; ves_int.audit_hash defines the bytes.';
