-- Streams, as the commands of operations 12 read them. Sent as role ves_admin.

-- name: export_events
-- The events of a stream in a range of numbers; the payload is the text received, decrypted if need be.
select
  event.event_id,
  event.sequence_number,
  event.event_type,
  event.entity_type,
  event.entity_id,
  event.payload::text as payload,
  event.payload_encrypted::text as payload_encrypted,
  event.created_at
from ves.export_events(
  tenant_id => %(tenant_id)s, store_id => %(store_id)s, from_sequence => %(first)s, to_sequence => %(last)s
) as event;

-- name: verify_state_roots
-- Recompute state-root chains; one row a stream.
select
  chain.tenant_id,
  chain.store_id,
  chain.scanned,
  chain.wrong,
  chain.first_wrong
from ves.verify_state_roots(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as chain;

-- name: create_commitment
-- Commit one range of a stream; the same range again answers the stored commitment.
select
  commitment.batch_id,
  commitment.leaf_count,
  commitment.sequence_start,
  commitment.sequence_end,
  commitment.merkle_root,
  commitment.new_state_root
from ves.create_commitment(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_start => %(sequence_start)s,
  sequence_end => %(sequence_end)s
) as commitment;

-- name: list_tenant_agent_keys
-- The keys of every agent of a tenant, or of one agent.
select agent_key.*
from ves.list_agent_keys(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as agent_key;
