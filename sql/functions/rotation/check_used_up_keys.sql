-- Locks (sql/README.md): 5, skipping locked ones.
create or replace function ves_int.check_used_up_keys(
  tenant_ids uuid[], agent_ids uuid[], key_ids integer[], usage_counts bigint[]
)
returns void
language sql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  with used_up as materialized (
    select k.tenant_id, k.agent_id, k.key_id
    from unnest(tenant_ids, agent_ids, key_ids, usage_counts) as c (tenant_id, agent_id, key_id, usage_count)
    join ves_store.agent_signing_keys as k
      on c.agent_id = k.agent_id and c.key_id = k.key_id and c.tenant_id = k.tenant_id
    where k.expires_at is null and c.usage_count >= least(
      (select min(p.max_usage_count) from ves_store.key_rotation_policies as p
        where p.tenant_id = c.tenant_id and p.agent_id = c.agent_id),
      (select min(p.max_usage_count) from ves_store.key_rotation_policies as p
        where p.tenant_id = c.tenant_id and p.agent_id is null))
    for no key update of k skip locked
  )
  update ves_store.agent_signing_keys as k
  set check_at = clock_timestamp()
  from used_up as u
  where k.agent_id = u.agent_id and k.key_id = u.key_id and k.tenant_id = u.tenant_id;
$$;

comment on function ves_int.check_used_up_keys(uuid[], uuid[], integer[], bigint[]) is
'Has the keys worker compare those of the keys with their rotation policies whose usage counts reach max_usage_count.';
