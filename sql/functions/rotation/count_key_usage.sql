-- Reads stretches of the log that are committed, whatever runs beside it.
-- Locks (sql/README.md): the advisory lock of counting, unless it is taken, then those of
-- ves_int.lock_due_cursors, then 5, skipping locked ones.
create or replace function ves.count_key_usage(max_events integer default 10000)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_due record;
  v_counted record;
begin
  -- One call at a time: two would meet at the counters of an agent that writes to several streams.
  if not pg_try_advisory_xact_lock(hashtextextended('ves.count_key_usage', 0::bigint)) then
    return 0::bigint;
  end if;
  select * into v_due from ves_int.lock_due_cursors('key_usage', clock_timestamp(), max_events);
  with stretches as materialized (
    select t.place, t.tenant_id, t.store_id, t.done_to, t.head_sequence,
      least(t.head_sequence, t.done_to + greatest(max_events, 0) - t.ahead) as upto
    from (
      select
        d.*,
        (sum(d.head_sequence - d.done_to) over (order by d.tenant_id, d.store_id))::bigint
        - (d.head_sequence - d.done_to) as ahead
      from unnest(v_due.places, v_due.tenant_ids, v_due.store_ids, v_due.done_to, v_due.heads)
        as d (place, tenant_id, store_id, done_to, head_sequence)
    ) as t
    where t.ahead < greatest(max_events, 0)
  ),
  counted as (
    insert into ves_store.key_usage_counters as u (
      tenant_id, agent_id, key_id, key_type, usage_count, first_used_at, last_used_at
    )
    select
      s.tenant_id, e.source_agent_id, e.agent_key_id, 'signing', count(*), min(e.sequenced_at), max(e.sequenced_at)
    from stretches as s
    cross join lateral (
      select v.source_agent_id, v.agent_key_id, v.sequenced_at
      from ves_store.ves_events as v
      where v.tenant_id = s.tenant_id and v.store_id = s.store_id
        and v.sequence_number > s.done_to and v.sequence_number <= s.upto
    ) as e
    group by s.tenant_id, e.source_agent_id, e.agent_key_id
    order by e.source_agent_id, e.agent_key_id, s.tenant_id
    on conflict (agent_id, key_id, tenant_id, key_type) do update set
      usage_count = u.usage_count + excluded.usage_count,
      first_used_at = least(u.first_used_at, excluded.first_used_at),
      last_used_at = greatest(u.last_used_at, excluded.last_used_at)
    returning u.tenant_id, u.agent_id, u.key_id, u.usage_count
  ),
  moved as (
    update ves_store.cursors as c
    set done_to = s.upto, due_at = case when s.upto < s.head_sequence then c.due_at end
    from stretches as s
    where c.ctid = s.place
  )
  select
    (select coalesce(sum(s.upto - s.done_to), 0)::bigint from stretches as s) as events,
    array_agg(c.tenant_id) as tenant_ids, array_agg(c.agent_id) as agent_ids, array_agg(c.key_id) as key_ids,
    array_agg(c.usage_count) as usage_counts
  into v_counted
  from counted as c;
  perform ves_int.check_used_up_keys(
    v_counted.tenant_ids, v_counted.agent_ids, v_counted.key_ids, v_counted.usage_counts);
  return v_counted.events;
end
$$;

comment on function ves.count_key_usage(integer) is
'One step of the keys worker: counts up to max_events sequenced events under their keys; how many it counted. Each event is counted once, whatever dies in between; ingest does nothing for it.';
