create or replace function ves_int.check_keys_now(tenant_id uuid, agent_id uuid default null)
returns void
language sql
volatile
set search_path to pg_catalog, pg_temp
as $$
  update ves_store.agent_signing_keys as k
  set check_at = clock_timestamp()
  where k.tenant_id = check_keys_now.tenant_id
    and k.agent_id between coalesce(check_keys_now.agent_id, '00000000-0000-0000-0000-000000000000')
      and coalesce(check_keys_now.agent_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    and k.status <> 'revoked' and k.expires_at is null
    and coalesce(k.check_at > now(), true)
    and exists (
      select from ves_store.key_rotation_policies as p where p.tenant_id = check_keys_now.tenant_id
    );
$$;

comment on function ves_int.check_keys_now(uuid, uuid) is
'Has the keys worker compare the keys of a tenant, or of one agent, with their rotation policies: after a change of a policy, of the agent''s keys or of a scheduled rotation.';
