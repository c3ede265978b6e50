-- The planner settings pin a look-up by key for each stream: the call is made many times a second.
create or replace function ves.find_moved_streams(
  tenant_ids uuid[], store_ids uuid[], heads bigint[], legacy boolean default false
)
returns table (place integer, head_sequence bigint)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
begin
  if legacy then
    return query
    select s.place::integer, c.current_sequence
    from unnest(tenant_ids, store_ids, heads) with ordinality as s (tenant_id, store_id, head, place)
    join ves_store.sequence_counters as c on c.tenant_id = s.tenant_id and c.store_id = s.store_id
    where c.current_sequence > s.head;
  else
    return query
    select s.place::integer, c.current_sequence
    from unnest(tenant_ids, store_ids, heads) with ordinality as s (tenant_id, store_id, head, place)
    join ves_store.ves_sequence_counters as c on c.tenant_id = s.tenant_id and c.store_id = s.store_id
    where c.current_sequence > s.head;
  end if;
end
$$;

comment on function ves.find_moved_streams(uuid[], uuid[], bigint[], boolean) is
'Of the given VES (or legacy) streams, those whose head is above the given number: the place in the arrays, from 1, and the head. Reads committed counters, so a stream that moved through any process and any door is found (grpc-api 3.4).';
