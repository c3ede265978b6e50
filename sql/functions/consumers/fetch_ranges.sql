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
  v_slots record;
  v_from timestamptz;
  v_now timestamptz;
  v_until timestamptz;
  v_due record;
begin
  perform ves_int.require_name('member', fetch_ranges.member, 64);
  perform ves_int.follow_streams(v_subscription);
  perform ves_int.share_slots(v_subscription, fetch_ranges.member, lease_seconds);
  select array_agg(ves_int.cursor_name(s.subscription_id, 'group', s.slot)) as consumers, array_agg(s.token) as tokens
  into v_slots
  from ves_store.subscription_slots as s
  where s.tenant_id = fetch_ranges.tenant_id and s.subscription_id = v_subscription.subscription_id
    and s.member = fetch_ranges.member;
  v_from := ves_int.due_from('sub/' || v_subscription.subscription_id, v_slots.consumers);
  v_now := clock_timestamp();
  v_until := v_now + greatest(least(lease_seconds, 3600), 1) * interval '1 second';
  select
    array_agg(d.place) as places, array_agg(d.store_id) as store_ids, array_agg(d.done_to) as done_to,
    array_agg(d.up_to) as up_to, array_agg(d.token) as tokens
  into v_due
  from (
    select d.*, s.token
    from unnest(v_slots.consumers, v_slots.tokens) as s (consumer, token)
    cross join lateral (
      select c.ctid as place, c.store_id, c.done_to, c.due_at,
        least(c.head_sequence, c.done_to + greatest(max_events, 1)) as up_to
      from ves_store.cursors as c
      where c.consumer = s.consumer and c.due_at between v_from and v_now
      order by c.due_at
      limit least(greatest(max_streams, 0), 1000)
      for update skip locked
    ) as d
    order by d.due_at
    limit least(greatest(max_streams, 0), 1000)
  ) as d;
  -- by place, as in ves_int.take_wake_ups
  update ves_store.cursors as c set due_at = v_until, claimed_until = v_until where c.ctid = any(v_due.places);
  return query select d.* from unnest(v_due.store_ids, v_due.done_to, v_due.up_to, v_due.tokens) as d;
end
$$;

comment on function ves.fetch_ranges(uuid, text, text, integer, integer, double precision) is
'A member''s heartbeat and its next ranges: streams of its slots that have events numbered above after, the longest waiting first, at most 1,000; read them with ves.read_events and acknowledge with token. A range that is not acknowledged within lease_seconds (1 to 3,600) is given out again; a member that does not call for so long loses its slots to the others. Errors: VE640, VE007 a member whose name is empty, longer than 64 bytes or not printable, VE912 the group has as many members as it may.';
