create or replace function ves_int.successor_of(old ves_store.agent_signing_keys, wanted integer)
returns integer
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select n.key_id
  from ves_store.agent_signing_keys as n
  where n.agent_id = (old).agent_id and n.tenant_id = (old).tenant_id and n.key_id <> (old).key_id
    and case when wanted is null then n.created_at > (old).created_at else n.key_id = wanted end
    and ves_int.key_type(n.key_algorithm) = ves_int.key_type((old).key_algorithm)
    and ves_int.effective_key_status(
      n.status, n.revoked_at, n.valid_from, n.valid_to, n.expires_at, clock_timestamp()) in ('active', 'not_yet_valid')
  order by n.created_at, n.key_id
  limit 1;
$$;

comment on function ves_int.successor_of(ves_store.agent_signing_keys, integer) is
'The key that can take over from this one: the wanted one, else the first that the agent registered after it for the same use; null when there is none.';
