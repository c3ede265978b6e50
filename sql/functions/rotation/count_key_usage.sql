-- Reads stretches of the log that are committed, whatever runs beside it.
-- Locks (sql/README.md): the advisory lock of counting, unless it is taken, then rows of its marks.
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
  v_now constant timestamptz := clock_timestamp();
  v_counted bigint;
  v_from timestamptz;
  v_due record;
begin
  -- One call at a time: two would meet at the counters of an agent that writes to several streams.
  if not pg_try_advisory_xact_lock(hashtextextended('ves.count_key_usage', 0::bigint)) then
    return 0::bigint;
  end if;
  perform ves_int.take_wake_ups();
  v_from := ves_int.due_from('key_usage', array['key_usage']);
  -- a statement of its own: the marks are then in the snapshot of the next one, which finds them by place
  select
    array_agg(d.place) as places, array_agg(d.tenant_id) as tenant_ids, array_agg(d.store_id) as store_ids,
    array_agg(d.done_to) as done_to, array_agg(d.head_sequence) as heads
  into v_due
  from (
    select c.ctid as place, c.tenant_id, c.store_id, c.done_to, c.head_sequence
    from ves_store.cursors as c
    where c.consumer = 'key_usage' and c.due_at between v_from and v_now
    order by c.due_at
    limit greatest(max_events, 0)
    for update skip locked
  ) as d;
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
  used_up as materialized (
    select k.tenant_id, k.agent_id, k.key_id
    from counted as c
    join ves_store.agent_signing_keys as k
      on c.agent_id = k.agent_id and c.key_id = k.key_id and c.tenant_id = k.tenant_id
    where k.expires_at is null and c.usage_count >= least(
      (select min(p.max_usage_count) from ves_store.key_rotation_policies as p
        where p.tenant_id = c.tenant_id and p.agent_id = c.agent_id),
      (select min(p.max_usage_count) from ves_store.key_rotation_policies as p
        where p.tenant_id = c.tenant_id and p.agent_id is null))
    for no key update of k skip locked
  ),
  to_check as (
    update ves_store.agent_signing_keys as k
    set check_at = clock_timestamp()
    from used_up as u
    where k.agent_id = u.agent_id and k.key_id = u.key_id and k.tenant_id = u.tenant_id
  ),
  moved as (
    update ves_store.cursors as c
    set done_to = s.upto, due_at = case when s.upto < s.head_sequence then c.due_at end
    from stretches as s
    where c.ctid = s.place
  )
  select coalesce(sum(s.upto - s.done_to), 0)::bigint into v_counted from stretches as s;
  return v_counted;
end
$$;

comment on function ves.count_key_usage(integer) is
'One step of the keys worker: counts up to max_events sequenced events under their keys; how many it counted. Each event is counted once, whatever dies in between; ingest does nothing for it.';
