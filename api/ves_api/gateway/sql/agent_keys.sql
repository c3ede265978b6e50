-- Signing keys of agents. Sent as role ves_api; only objects of schema ves.

-- name: get_agent_keys
-- Public keys by (agent, key number); immutable, so they may be cached.
select
  agent_key.agent_id,
  agent_key.key_id,
  agent_key.key_algorithm,
  agent_key.public_key,
  agent_key.public_key_bundle
from ves.get_agent_keys(
  tenant_id => %(tenant_id)s, agent_ids => %(agent_ids)s, key_ids => %(key_ids)s
) as agent_key;

-- name: register_agent_key
-- Register a public key of an agent; the same number twice is VE301.
select ves.register_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  public_key => %(public_key)s,
  key_algorithm => %(key_algorithm)s,
  public_key_bundle => %(public_key_bundle)s,
  valid_from => %(valid_from)s,
  valid_to => %(valid_to)s
);
