create or replace function ves.list_group_history(tenant_id uuid, group_id uuid)
returns table (
  entry_id bigint, action text, actor_agent_id uuid, target_agent_id uuid, event_id uuid, metadata jsonb,
  created_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select l.entry_id, l.action, l.actor_agent_id, l.target_agent_id, l.event_id, l.metadata, l.created_at
  from ves_store.group_key_audit_log as l
  where l.tenant_id = list_group_history.tenant_id and l.group_id = list_group_history.group_id
  order by l.entry_id desc
  limit 1000;
$$;

comment on function ves.list_group_history(uuid, uuid) is
'What happened to a group and its members, the latest first, at most 1,000; also of a group that is gone.';
