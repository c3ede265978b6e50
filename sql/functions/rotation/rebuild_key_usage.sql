-- Locks (sql/README.md): the advisory lock of counting.
create or replace function ves.rebuild_key_usage(tenant_id uuid, context jsonb default null)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_counted bigint;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', tenant_id));
  perform pg_advisory_xact_lock(hashtextextended('ves.count_key_usage', 0::bigint));
  delete from ves_store.key_usage_counters as u
  where u.tenant_id = rebuild_key_usage.tenant_id and u.key_type = 'signing';
  with counted as (
    insert into ves_store.key_usage_counters (
      tenant_id, agent_id, key_id, key_type, usage_count, first_used_at, last_used_at
    )
    select
      rebuild_key_usage.tenant_id, e.source_agent_id, e.agent_key_id, 'signing', count(*), min(e.sequenced_at),
      max(e.sequenced_at)
    from ves_store.cursors as c
    join ves_store.ves_events as e
      on e.tenant_id = c.tenant_id and e.store_id = c.store_id and e.sequence_number <= c.done_to
    where c.tenant_id = rebuild_key_usage.tenant_id and c.consumer = 'key_usage'
    group by e.source_agent_id, e.agent_key_id
    returning usage_count
  )
  select coalesce(sum(c.usage_count), 0)::bigint into v_counted from counted as c;
  perform ves_int.audit(
    'custom:key_usage_rebuilt', rebuild_key_usage.tenant_id, 'tenant', rebuild_key_usage.tenant_id::text,
    jsonb_build_object('events', v_counted), context);
  return v_counted;
end
$$;

comment on function ves.rebuild_key_usage(uuid, jsonb) is
'Counts the signing uses of a tenant''s keys anew from the log, as far as they were counted; how many. The worker goes on from there. Reads every event of the tenant.';
