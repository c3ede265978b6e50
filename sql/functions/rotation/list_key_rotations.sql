create or replace function ves.list_key_rotations(tenant_id uuid, agent_id uuid default null)
returns table (
  rotation_id uuid, agent_id uuid, key_type text, current_key_id bigint, scheduled_at timestamptz,
  reason text, status text, new_key_id bigint, completed_at timestamptz, error_message text
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    r.rotation_id, r.agent_id, r.key_type, r.current_key_id::bigint & 4294967295, r.scheduled_at, r.reason,
    r.status, r.new_key_id::bigint & 4294967295, r.completed_at, r.error_message
  from (
    -- one branch for each kind of question, so that each has its index; only one of them runs
    select a.* from ves_store.scheduled_key_rotations as a where a.agent_id = list_key_rotations.agent_id
    union all
    select a.* from ves_store.scheduled_key_rotations as a where list_key_rotations.agent_id is null
  ) as r
  where r.tenant_id = list_key_rotations.tenant_id
  order by r.scheduled_at desc, r.rotation_id
  limit 1000;
$$;

comment on function ves.list_key_rotations(uuid, uuid) is
'Scheduled rotations of a tenant (of an agent, if named), the latest first, at most 1,000. in_progress: the old key is retired and the agent has to register a new one.';
