create or replace function ves_int.grace_period(tenant_id uuid, agent_id uuid, key_type text)
returns interval
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  -- two lookups: with "or" the index is read for every policy of the tenant
  select coalesce((
    select p.grace_period_hours
    from ves_store.key_rotation_policies as p
    where p.tenant_id = grace_period.tenant_id and p.key_type = grace_period.key_type
      and p.agent_id = grace_period.agent_id
  ), (
    select p.grace_period_hours
    from ves_store.key_rotation_policies as p
    where p.tenant_id = grace_period.tenant_id and p.key_type = grace_period.key_type and p.agent_id is null
  ), 72) * interval '1 hour';
$$;

comment on function ves_int.grace_period(uuid, uuid, text) is
'How long a rotated key of the agent still verifies: its policy, the tenant''s, else 72 hours.';
