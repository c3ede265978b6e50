-- A function in a view is executed with the rights of the reader of the view, so only public ones can be
-- used.
create or replace view ves.agent_encryption_keys as
select
  k.tenant_id, k.agent_id, k.key_id::bigint & 4294967295 as key_id, k.key_algorithm,
  case when k.key_algorithm in (2, 6) then k.public_key end as public_key,
  k.public_key_bundle, ves.get_key_effective_status(k.tenant_id, k.agent_id, k.key_id) as status,
  k.valid_from, k.valid_to, k.revoked_at, k.created_at, k.metadata
from ves_store.agent_signing_keys as k
where k.key_algorithm in (2, 4, 6);

comment on view ves.agent_encryption_keys is
'The keys that payloads are sealed to, with their status now: X25519 (public_key, 32 bytes), ML-KEM-768 (in public_key_bundle) or both. The original keeps them in a table of this name; here all keys of an agent share one registry, one number space and one life cycle.';
