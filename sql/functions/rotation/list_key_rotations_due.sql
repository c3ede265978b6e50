create or replace function ves.list_key_rotations_due(tenant_id uuid)
returns table (
  agent_id uuid, key_id bigint, key_type text, reason text, due_at timestamptz, usage_count bigint,
  is_due boolean, successor_key_id bigint
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    d.agent_id, d.key_id::bigint & 4294967295, d.key_type,
    case when d.is_used_up then 'usage_limit' else 'age_limit' end, d.due_by_age, d.usage_count,
    d.is_used_up or coalesce(d.due_by_age <= now(), false) as is_due,
    (
      select ves_int.successor_of(k, null)::bigint & 4294967295
      from ves_store.agent_signing_keys as k
      where k.agent_id = d.agent_id and k.key_id = d.key_id and k.tenant_id = d.tenant_id
    )
  from (
    select r.*, coalesce(r.usage_count >= r.max_usage_count, false) as is_used_up
    from ves_int.key_rules as r
    where r.tenant_id = list_key_rotations_due.tenant_id
      and coalesce(r.valid_from <= now(), true) and coalesce(r.valid_to >= now(), true)
  ) as d
  where d.is_used_up or d.due_by_age <= now() + d.warning
  order by is_due desc, d.due_by_age, d.agent_id, d.key_id
  limit 1000;
$$;

comment on function ves.list_key_rotations_due(uuid) is
'Keys of a tenant that a rotation policy makes due now (is_due) or soon, at most 1,000. due_at is the instant by age, null for a key due by use alone; successor_key_id a later key that could take over.';
