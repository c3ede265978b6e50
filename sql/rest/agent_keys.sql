create or replace view rest.agent_keys with (security_barrier) as
select
  k.tenant_id, k.agent_id, k.key_id::bigint & 4294967295 as key_id, k.key_algorithm,
  encode(k.public_key, 'hex') as public_key, k.status, k.valid_from, k.valid_to, k.revoked_at, k.created_at,
  k.expires_at, k.grace_until
from ves_store.agent_signing_keys as k
where k.tenant_id = (select ves_int.claimed_tenant('read'));

comment on view rest.agent_keys is 'Signing keys of the agents of the token''s tenant: the public part (bare hex) and when it may be used.';
