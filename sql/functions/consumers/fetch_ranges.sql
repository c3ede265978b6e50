-- Locks (sql/README.md): as ves_int.follow_streams and ves_int.share_slots, then rows of cursors.
create or replace function ves.fetch_ranges(
  tenant_id uuid, name text, member text, max_streams integer default 16, max_events integer default 100,
  lease_seconds double precision default 30
)
returns table (store_id uuid, after bigint, up_to bigint, token bigint)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(fetch_ranges.tenant_id, fetch_ranges.name, 'group');
  v_now timestamptz;
begin
  if coalesce(octet_length(fetch_ranges.member) not between 1 and 64, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "member"}');
  end if;
  perform ves_int.follow_streams(v_subscription);
  perform ves_int.share_slots(v_subscription, fetch_ranges.member, lease_seconds);
  v_now := clock_timestamp();
  return query
  with due as materialized (
    select d.*, s.token
    from ves_store.subscription_slots as s
    cross join lateral (
      select c.store_id, c.consumer, c.due_at from ves_store.cursors as c
      where c.consumer = ves_int.cursor_name(s.subscription_id, 'group', s.slot) and c.due_at <= v_now
      order by c.due_at
      limit least(greatest(max_streams, 0), 1000)
      for update skip locked
    ) as d
    where s.tenant_id = fetch_ranges.tenant_id and s.subscription_id = v_subscription.subscription_id
      and s.member = fetch_ranges.member
    order by d.due_at
    limit least(greatest(max_streams, 0), 1000)
  ),
  claimed as (
    update ves_store.cursors as c
    set
      due_at = v_now + greatest(least(lease_seconds, 3600), 1) * interval '1 second',
      claimed_until = v_now + greatest(least(lease_seconds, 3600), 1) * interval '1 second'
    from due as d
    where c.tenant_id = fetch_ranges.tenant_id and c.store_id = d.store_id and c.consumer = d.consumer
    returning c.store_id, c.done_to, least(c.head_sequence, c.done_to + greatest(max_events, 1)) as up_to, d.token, d.due_at
  )
  select c.store_id, c.done_to, c.up_to, c.token from claimed as c order by c.due_at;
end
$$;

comment on function ves.fetch_ranges(uuid, text, text, integer, integer, double precision) is
'A member''s heartbeat and its next ranges: streams of its slots that have events numbered above after, the longest waiting first, at most 1,000; read them with ves.read_events and acknowledge with token. A range that is not acknowledged within lease_seconds (1 to 3,600) is given out again; a member that does not call for so long loses its slots to the others. Errors: VE640, VE007.';
