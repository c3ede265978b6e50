create or replace function ves.get_key_effective_status(
  tenant_id uuid, agent_id uuid, key_id integer, at timestamptz default null
)
returns text
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select ves_int.effective_key_status(
    k.status, k.revoked_at, k.valid_from, k.valid_to, k.expires_at,
    coalesce(get_key_effective_status.at, clock_timestamp()))
  from ves_store.agent_signing_keys as k
  where k.agent_id = get_key_effective_status.agent_id and k.key_id = get_key_effective_status.key_id
    and k.tenant_id = get_key_effective_status.tenant_id;
$$;

comment on function ves.get_key_effective_status(uuid, uuid, integer, timestamptz) is
'Status of a key at an instant (now when left out): active, not_yet_valid, expired, revoked or in_grace; null for an unknown key. valid_from and valid_to themselves are inside the window. A revoked key is revoked at every instant (VES 6.2).';
