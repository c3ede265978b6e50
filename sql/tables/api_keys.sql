create table ves_store.api_keys (
  key_hash text not null,
  tenant_id uuid not null,
  store_ids uuid[] not null default '{}',
  agent_id uuid,
  can_read boolean not null default false,
  can_write boolean not null default false,
  can_admin boolean not null default false,
  active boolean not null default true,
  rate_limit integer,
  budget_of text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint api_keys_pkey primary key (key_hash),
  constraint key_hash_is_sha256_hex check (key_hash ~ '^[0-9a-f]{64}$'),
  constraint rate_limit_is_positive check (rate_limit > 0),
  constraint shared_budget_has_a_limit check (budget_of is null or rate_limit is not null),
  constraint budget_of_is_sha256_hex check (budget_of ~ '^[0-9a-f]{64}$')
);

create index api_keys_updated_at_idx on ves_store.api_keys (updated_at) where not active;
create index api_keys_tenant_id_agent_id_idx on ves_store.api_keys (tenant_id, agent_id);
create index api_keys_agent_id_idx on ves_store.api_keys (agent_id) where agent_id is not null;

comment on table ves_store.api_keys is 'API keys by the SHA-256 of the whole key string; the key itself is never stored.';
comment on column ves_store.api_keys.key_hash is
'Lower-case hex SHA-256 of the key. Unique without tenant_id because the key is what names the tenant.';
comment on column ves_store.api_keys.tenant_id is 'Tenant of the key; the nil UUID with can_admin is the bootstrap administrator.';
comment on column ves_store.api_keys.store_ids is 'Stores the key may use; empty means all.';
comment on column ves_store.api_keys.agent_id is 'Agent the key is bound to, if any.';
comment on column ves_store.api_keys.can_read is 'May read.';
comment on column ves_store.api_keys.can_write is 'May write. Does not imply read.';
comment on column ves_store.api_keys.can_admin is 'May administer the tenant.';
comment on column ves_store.api_keys.active is 'False once revoked.';
comment on column ves_store.api_keys.rate_limit is 'Requests per minute; null means no limit of its own.';
comment on column ves_store.api_keys.budget_of is
'Hash of the key whose count of requests this one shares: the first limited one in the line of keys that minted it. Null: a count of its own.';
comment on column ves_store.api_keys.created_at is 'When the key was created.';
comment on column ves_store.api_keys.updated_at is 'Last change.';
