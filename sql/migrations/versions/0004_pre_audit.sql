-- The audit log (operations 8), its chain heads and its switch. Frozen once released; sql/tables holds the
-- desired state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

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

create table ves_store.audit_heads (
  tenant_id uuid not null,
  number bigint not null default 0,
  hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
  constraint audit_heads_pkey primary key (tenant_id),
  constraint audit_head_has_32_bytes check (octet_length(hash) = 32)
) with (fillfactor = 50);

comment on table ves_store.audit_heads is
'Newest audit entry of each tenant: the next entry links to it under this row''s lock, and a chain that ends earlier has lost its newest rows.';
comment on column ves_store.audit_heads.tenant_id is 'Tenant; the nil UUID for actions on the whole system.';
comment on column ves_store.audit_heads.number is 'Number of the newest entry; 0 before the first.';
comment on column ves_store.audit_heads.hash is 'hash of the newest entry; zeros before the first.';

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
