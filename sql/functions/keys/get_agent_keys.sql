create or replace function ves.get_agent_keys(tenant_id uuid, agent_ids uuid[], key_ids integer[])
returns table (
  agent_id uuid, key_id integer, key_algorithm smallint, public_key bytea, public_key_bundle bytea
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select k.agent_id, k.key_id, k.key_algorithm, k.public_key, k.public_key_bundle
  from (select distinct w.agent_id, w.key_id from unnest(agent_ids, key_ids) as w (agent_id, key_id)) as w
  cross join lateral (
    select a.* from ves_store.agent_signing_keys as a
    where a.agent_id = w.agent_id and a.key_id = w.key_id and a.tenant_id = get_agent_keys.tenant_id
    -- keeps the planner from joining with all keys of the tenant
    offset 0
  ) as k;
$$;

comment on function ves.get_agent_keys(uuid, uuid[], integer[]) is
'Key bytes for the (agent, key) pairs. They never change, so callers may cache them; status and windows are judged at ingest.';
