create or replace function ves.list_key_history(tenant_id uuid, agent_id uuid default null)
returns table (
  entry_id bigint, agent_id uuid, key_type text, action text, old_key_id bigint, new_key_id bigint,
  actor_type text, actor_id text, metadata jsonb, created_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    l.entry_id, l.agent_id, l.key_type, l.action, l.old_key_id::bigint & 4294967295,
    l.new_key_id::bigint & 4294967295, l.actor_type, l.actor_id, l.metadata, l.created_at
  from (
    -- one branch for each kind of question, so that each has its index; only one of them runs
    select a.* from ves_store.key_rotation_audit_log as a where a.agent_id = list_key_history.agent_id
    union all
    select a.* from ves_store.key_rotation_audit_log as a where list_key_history.agent_id is null
  ) as l
  where l.tenant_id = list_key_history.tenant_id
  order by l.entry_id desc
  limit 1000;
$$;

comment on function ves.list_key_history(uuid, uuid) is
'What happened to the keys of a tenant (of an agent, if named), the latest first, at most 1,000.';
