create or replace view rest.api_keys with (security_barrier) as
select
  k.tenant_id, left(k.key_hash, 16) as key_hash_prefix, k.agent_id, k.store_ids, k.can_read, k.can_write,
  k.can_admin, k.active, k.rate_limit, k.created_at, k.updated_at
from ves_store.api_keys as k
where k.tenant_id = (select ves_int.claimed_tenant('admin'));

comment on view rest.api_keys is 'API keys of the token''s tenant by the first 16 digits of their hashes; needs the permission admin.';
