-- Reads stretches of the log that are committed, whatever runs beside it.
create or replace function ves.count_key_usage(max_events integer default 10000)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_stream record;
  v_from bigint;
  v_to bigint;
  v_left bigint := greatest(max_events, 0)::bigint;
begin
  -- one at a time: two would meet at the counters of an agent that writes to several streams
  if not pg_try_advisory_xact_lock(hashtextextended('ves.count_key_usage', 0::bigint)) then
    return 0::bigint;
  end if;
  for v_stream in
    select c.tenant_id, c.store_id, c.current_sequence
    from ves_store.ves_sequence_counters as c
    left join ves_store.key_usage_progress as p on p.tenant_id = c.tenant_id and p.store_id = c.store_id
    where c.current_sequence > coalesce(p.counted_to, 0)
    order by c.tenant_id, c.store_id
  loop
    exit when v_left <= 0;
    insert into ves_store.key_usage_progress (tenant_id, store_id)
    values (v_stream.tenant_id, v_stream.store_id)
    on conflict (tenant_id, store_id) do nothing;
    select p.counted_to into v_from from ves_store.key_usage_progress as p
    where p.tenant_id = v_stream.tenant_id and p.store_id = v_stream.store_id
    for update;
    v_to := least(v_stream.current_sequence, v_from + v_left);
    insert into ves_store.key_usage_counters as u (
      tenant_id, agent_id, key_id, key_type, usage_count, first_used_at, last_used_at
    )
    select
      v_stream.tenant_id, e.source_agent_id, e.agent_key_id, 'signing', count(*), min(e.sequenced_at),
      max(e.sequenced_at)
    from ves_store.ves_events as e
    where e.tenant_id = v_stream.tenant_id and e.store_id = v_stream.store_id
      and e.sequence_number > v_from and e.sequence_number <= v_to
    group by e.source_agent_id, e.agent_key_id
    order by e.source_agent_id, e.agent_key_id
    on conflict (agent_id, key_id, tenant_id, key_type) do update set
      usage_count = u.usage_count + excluded.usage_count,
      first_used_at = least(u.first_used_at, excluded.first_used_at),
      last_used_at = greatest(u.last_used_at, excluded.last_used_at);
    update ves_store.key_usage_progress as p set counted_to = v_to
    where p.tenant_id = v_stream.tenant_id and p.store_id = v_stream.store_id;
    v_left := v_left - (v_to - v_from);
  end loop;
  return greatest(max_events, 0) - v_left;
end
$$;

comment on function ves.count_key_usage(integer) is
'One step of the keys worker: counts up to max_events sequenced events under their keys; how many it counted. Each event is counted once, whatever dies in between; ingest does nothing for it.';
