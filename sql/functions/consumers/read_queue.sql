-- A range of one subscription instead of an equality, an order that the primary key does not have: that index
-- passes the messages of all subscriptions, dead ones too, and looks cheap to the planner, which counts rows.
-- The oldest message of its stream is the one before which none is left that ends where it begins. A scalar
-- subquery stays one look-up; `not exists` becomes a join.
-- Locks (sql/README.md): as ves_int.follow_streams, then 4, skipping locked messages.
create or replace function ves.read_queue(
  tenant_id uuid, name text, max_ranges integer default 16, visible_after double precision default 30
)
returns table (message_id bigint, token integer, store_id uuid, sequence_from bigint, sequence_to bigint)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    read_queue.tenant_id, read_queue.name, 'queue');
  v_most constant integer := least(greatest(max_ranges, 0), 1000);
  v_index constant regclass := 'pgmq.q_ves_ranges_subscription_idx'::regclass;
  v_scan constant text := 'ves_ranges/' || v_subscription.subscription_id;
  v_kept constant bigint := coalesce(ves_int.scan_start(v_scan)::bigint, 0);
  v_read bigint;
  v_from bigint;
  v_now timestamptz;
  v_places tid[];
begin
  perform ves_int.follow_streams(v_subscription);
  perform ves_int.fill_queue(v_subscription, v_most);
  v_now := clock_timestamp();
  v_read := pg_stat_get_xact_tuples_returned(v_index);
  -- as in ves_int.take_wake_ups
  v_from := ves_int.keep_scan_start(v_scan, greatest(v_kept, coalesce(
    (
      select q.msg_id from pgmq.q_ves_ranges as q
      where ((q.message ->> 'subscription_id')::bigint, q.msg_id) >= (v_subscription.subscription_id, v_kept)
        and (q.message ->> 'subscription_id')::bigint <= v_subscription.subscription_id
      order by (q.message ->> 'subscription_id')::bigint, q.msg_id
      limit 1
    ),
    (select s.last_value from pgmq.q_ves_ranges_msg_id_seq as s)) - 100)::text,
    pg_stat_get_xact_tuples_returned(v_index) - v_read, v_now)::bigint;
  select array_agg(v.place) into v_places
  from (
    select q.ctid as place from pgmq.q_ves_ranges as q
    where ((q.message ->> 'subscription_id')::bigint, q.msg_id) >= (v_subscription.subscription_id, v_from)
      and (q.message ->> 'subscription_id')::bigint <= v_subscription.subscription_id and q.vt <= v_now
      and (
        select p.msg_id from pgmq.q_ves_ranges as p
        where p.message ->> 'store_id' = q.message ->> 'store_id'
          and (p.message ->> 'sequence_to')::bigint = (q.message ->> 'sequence_from')::bigint - 1
          and p.message -> 'subscription_id' = q.message -> 'subscription_id'
        limit 1
      ) is null
    -- by age: a stream that always has something new does not keep others waiting
    order by (q.message ->> 'subscription_id')::bigint, q.msg_id
    limit v_most
    for update skip locked
  ) as v;
  return query
  with hidden as (
    update pgmq.q_ves_ranges as q
    set
      vt = v_now + greatest(least(visible_after, 3600), 1) * interval '1 second', read_ct = q.read_ct + 1,
      last_read_at = v_now
    where q.ctid = any(v_places)
    returning q.*
  )
  select
    h.msg_id, h.read_ct, (h.message ->> 'store_id')::uuid, (h.message ->> 'sequence_from')::bigint,
    (h.message ->> 'sequence_to')::bigint
  from hidden as h
  order by h.msg_id;
end
$$;

comment on function ves.read_queue(uuid, text, integer, double precision) is
'Messages of a subscription of kind queue: the oldest of each stream, so the ranges of a stream come in order and one at a time; at most 1,000. Read the events with ves.read_events. A message is given out again, with a new token, after visible_after seconds (1 to 3,600) unless ves.finish_range removes it. Errors: VE640.';
