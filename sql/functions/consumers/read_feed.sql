-- One session at a time extends the feed, so its numbers become visible in their order. Others read what is
-- there.
-- Locks (sql/README.md): as ves_int.follow_streams, then the row of the subscription, then 4.
create or replace function ves.read_feed(
  tenant_id uuid, name text, after bigint default 0, max_ranges integer default 100
)
returns table (feed_number bigint, store_id uuid, sequence_from bigint, sequence_to bigint)
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
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    read_feed.tenant_id, read_feed.name, 'feed');
  v_consumer constant text := ves_int.cursor_name(v_subscription.subscription_id, 'feed', null);
  v_from timestamptz;
  v_now timestamptz;
  v_due record;
begin
  perform ves_int.follow_streams(v_subscription);
  v_from := ves_int.due_from(v_consumer, array[v_consumer]);
  v_now := clock_timestamp();
  perform from ves_store.subscriptions as s
  where s.tenant_id = v_subscription.tenant_id and s.subscription_id = v_subscription.subscription_id
  for update skip locked;
  if found then
    select
      array_agg(d.place) as places, array_agg(d.store_id) as store_ids, array_agg(d.done_to + 1) as sequence_from,
      array_agg(d.head_sequence) as sequence_to
    into v_due
    from (
      select c.ctid as place, c.store_id, c.done_to, c.head_sequence from ves_store.cursors as c
      where c.consumer = v_consumer and c.due_at between v_from and v_now
      order by c.due_at, c.store_id
      limit 1000
      for update skip locked
    ) as d;
    -- by place, as in ves_int.take_wake_ups
    update ves_store.cursors as c set done_to = c.head_sequence, due_at = null where c.ctid = any(v_due.places);
    insert into ves_store.feed_ranges (tenant_id, subscription_id, feed_number, store_id, sequence_from, sequence_to)
    select
      v_subscription.tenant_id, v_subscription.subscription_id,
      coalesce((
        select f.feed_number from ves_store.feed_ranges as f
        where f.tenant_id = v_subscription.tenant_id and f.subscription_id = v_subscription.subscription_id
        order by f.feed_number desc limit 1
      ), 0) + d.place,
      d.store_id, d.sequence_from, d.sequence_to
    from unnest(v_due.store_ids, v_due.sequence_from, v_due.sequence_to)
      with ordinality as d (store_id, sequence_from, sequence_to, place);
  end if;
  return query
  select f.feed_number, f.store_id, f.sequence_from, f.sequence_to from ves_store.feed_ranges as f
  where f.tenant_id = v_subscription.tenant_id and f.subscription_id = v_subscription.subscription_id
    and f.feed_number > read_feed.after
  order by f.feed_number
  limit least(greatest(max_ranges, 0), 1000);
end
$$;

comment on function ves.read_feed(uuid, text, bigint, integer) is
'Ranges of a tenant''s feed numbered above after, at most 1,000. The feed numbers have no gap and every reader sees the same; each event of the tenant is in exactly one range, and those of a stream are in its order. Which of two streams comes first is not that of their commits. The checkpoint of a reader is the last feed number. Errors: VE640.';
