create or replace function ves.can_agent_decrypt_from_group(tenant_id uuid, group_id uuid, agent_id uuid)
returns boolean
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select exists (
    select from ves_store.encryption_key_group_members as m
    join ves_store.encryption_key_groups as g on g.group_id = m.group_id and g.tenant_id = m.tenant_id
    where m.group_id = can_agent_decrypt_from_group.group_id
      and m.agent_id = can_agent_decrypt_from_group.agent_id
      and m.tenant_id = can_agent_decrypt_from_group.tenant_id and g.is_active
  );
$$;

comment on function ves.can_agent_decrypt_from_group(uuid, uuid, uuid) is
'Whether an agent is a member of an active group now. Says nothing of its keys, nor of what was sealed to it earlier.';
