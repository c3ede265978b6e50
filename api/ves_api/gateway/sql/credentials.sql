-- API keys. Sent as role ves_api; only objects of schema ves.

-- name: authenticate
-- The identity behind an API key's hash, or no row.
select
  identity.tenant_id,
  identity.store_ids,
  identity.agent_id,
  identity.can_read,
  identity.can_write,
  identity.can_admin,
  identity.rate_limit,
  identity.auth_epoch
from ves.authenticate(key_hash => %(key_hash)s) as identity;

-- name: create_api_key
-- Store a minted key by its hash.
select ves.create_api_key(
  key_hash => %(key_hash)s,
  tenant_id => %(tenant_id)s,
  store_ids => %(store_ids)s,
  agent_id => %(agent_id)s,
  can_read => %(can_read)s,
  can_write => %(can_write)s,
  can_admin => %(can_admin)s,
  rate_limit => %(rate_limit)s,
  context => %(context)s
);

-- name: find_agent_tenant
-- The tenant in which an agent owns an API key, for the bootstrap administrator.
select ves.find_agent_tenant(agent_id => %(agent_id)s);

-- name: list_api_keys
-- The API keys of an agent, revoked ones too.
select
  api_key.key_hash_prefix,
  api_key.store_ids,
  api_key.can_read,
  api_key.can_write,
  api_key.can_admin,
  api_key.active,
  api_key.rate_limit,
  api_key.updated_at
from ves.list_api_keys(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as api_key;

-- name: revoke_api_key
-- Revoke the agent's first key whose hash starts so; 1 or 0.
select ves.revoke_api_key(
  key_hash_prefix => %(key_hash_prefix)s,
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  context => %(context)s
);

-- name: update_api_key
-- Change what the agent's first active key whose hash starts so may do; the key, or null.
select ves.update_api_key(
  key_hash_prefix => %(key_hash_prefix)s,
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  store_ids => %(store_ids)s::uuid[],
  can_read => %(can_read)s::boolean,
  can_write => %(can_write)s::boolean,
  can_admin => %(can_admin)s::boolean,
  rate_limit => %(rate_limit)s::integer,
  context => %(context)s
);

-- name: register_agent
-- Store the first key of an agent that registered itself.
select ves.register_agent(
  key_hash => %(key_hash)s,
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  store_ids => %(store_ids)s::uuid[],
  can_write => %(can_write)s,
  rate_limit => %(rate_limit)s::integer,
  details => %(details)s,
  context => %(context)s
);

-- name: record_audit
-- Write down what changes nothing in the database: logins, and attempts that failed.
select ves.record_audit(
  action => %(action)s,
  tenant_id => %(tenant_id)s::uuid,
  resource_type => %(resource_type)s,
  resource_id => %(resource_id)s::text,
  details => %(details)s,
  success => %(success)s,
  error_message => %(error_message)s::text,
  context => %(context)s
);
