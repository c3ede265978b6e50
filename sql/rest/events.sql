create or replace view rest.events with (security_barrier) as
select
  e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.command_id, e.source_agent_id, e.agent_key_id,
  e.ves_version, e.payload_kind, e.entity_type, e.entity_id, e.event_type, e.created_at_str as created_at,
  e.sequenced_at, e.base_version, e.agent_signature_scheme,
  encode(e.payload_plain_hash, 'hex') as payload_plain_hash,
  encode(e.payload_cipher_hash, 'hex') as payload_cipher_hash,
  encode(e.event_signing_hash, 'hex') as event_signing_hash,
  encode(e.agent_signature, 'hex') as agent_signature,
  encode(e.leaf_hash, 'hex') as leaf_hash
from ves.events as e
where
  e.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(e.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.events is 'VES events of the token''s tenant: the signed envelope and its hashes (bare hex), never the payload.';
