create or replace function ves.list_api_keys(tenant_id uuid, agent_id uuid default null)
returns table (
  key_hash_prefix text, agent_id uuid, store_ids uuid[], can_read boolean, can_write boolean,
  can_admin boolean, active boolean, rate_limit integer, created_at timestamptz, updated_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    left(k.key_hash, 16), k.agent_id, k.store_ids, k.can_read, k.can_write, k.can_admin, k.active, k.rate_limit,
    k.created_at, k.updated_at
  from (
    -- one branch for each kind of question, so that each has its index; only one of them runs
    select a.* from ves_store.api_keys as a where a.agent_id = list_api_keys.agent_id
    union all
    select a.* from ves_store.api_keys as a where list_api_keys.agent_id is null
  ) as k
  where k.tenant_id = case
      when list_api_keys.tenant_id = '00000000-0000-0000-0000-000000000000' and list_api_keys.agent_id is not null
        then ves.find_agent_tenant(list_api_keys.agent_id)
      else list_api_keys.tenant_id
    end
  order by k.updated_at desc, k.created_at desc, k.key_hash;
$$;

comment on function ves.list_api_keys(uuid, uuid) is 'API keys of a tenant (of an agent, if named), revoked ones too, the newest change first; hashes are cut to 16 digits. The nil tenant and an agent: the tenant of the agent''s most recently changed key (bootstrap administrator).';
