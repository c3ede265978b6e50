create or replace function ves.list_agent_positions(tenant_id uuid, agent_id uuid)
returns table (store_id uuid, last_pulled_sequence bigint, last_sync_at timestamptz)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.store_id, s.last_pulled_sequence, s.last_sync_at
  from ves_store.agent_sync_state as s
  where s.tenant_id = list_agent_positions.tenant_id and s.agent_id = list_agent_positions.agent_id
  order by s.store_id;
$$;

comment on function ves.list_agent_positions(uuid, uuid) is
'How far an agent has acknowledged each stream of its tenant (ves.acknowledge_events), by store.';
