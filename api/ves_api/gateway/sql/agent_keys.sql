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

-- name: store_agent_key
-- Register a public key of an agent; the same number twice is VE301.
select ves.store_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  public_key => %(public_key)s,
  key_algorithm => %(key_algorithm)s,
  public_key_bundle => %(public_key_bundle)s,
  valid_from => %(valid_from)s,
  valid_to => %(valid_to)s,
  proof_of_possession => %(proof_of_possession)s,
  proof_of_possession_bundle => %(proof_of_possession_bundle)s,
  context => %(context)s
);

-- name: store_agent_key_rotation
-- Rotate a key to a new one, or to a registered one when public_key is null.
select
  rotation.old_key_id,
  rotation.old_status,
  rotation.new_key_id,
  rotation.rotated_at,
  rotation.grace_until
from ves.store_agent_key_rotation(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  new_key_id => %(new_key_id)s,
  public_key => %(public_key)s,
  key_algorithm => %(key_algorithm)s,
  public_key_bundle => %(public_key_bundle)s,
  valid_to => %(valid_to)s,
  grace_period => %(grace_period)s,
  revoke_old => %(revoke_old)s,
  reason => %(reason)s,
  proof_of_possession => %(proof_of_possession)s,
  proof_of_possession_bundle => %(proof_of_possession_bundle)s,
  context => %(context)s
) as rotation;

-- name: revoke_agent_key
-- Revoke a key from now on; the instant, which a repeat does not move.
select ves.revoke_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  reason => %(reason)s,
  context => %(context)s
) as revoked_at;

-- name: list_agent_keys
-- Keys of an agent with their status at an instant.
select
  agent_key.key_id,
  agent_key.key_type,
  agent_key.key_algorithm,
  agent_key.public_key,
  agent_key.public_key_bundle,
  agent_key.status,
  agent_key.valid_from,
  agent_key.valid_to,
  agent_key.revoked_at,
  agent_key.grace_until,
  agent_key.rotation_reason,
  agent_key.created_at,
  agent_key.usage_count,
  agent_key.last_used_at
from ves.list_agent_keys(
  tenant_id => %(tenant_id)s, agent_id => %(agent_id)s, key_type => %(key_type)s, at => %(at)s
) as agent_key;
