-- A message that no consumer has read yet is extended, so a stream has at most one unread and one claimed
-- message.
-- Locks (sql/README.md): 4, skipping locked messages and cursors.
create or replace function ves_int.fill_queue(subscription ves_store.subscriptions, max_streams integer)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_consumer constant text := ves_int.cursor_name(subscription.subscription_id, 'queue', null);
  v_from constant timestamptz := ves_int.due_from(v_consumer, array[v_consumer]);
  v_now constant timestamptz := clock_timestamp();
  v_due record;
  v_messages record;
begin
  select
    array_agg(d.place) as places, array_agg(d.store_id) as store_ids, array_agg(d.done_to) as done_to,
    array_agg(d.head_sequence) as heads
  into v_due
  from (
    select c.ctid as place, c.store_id, c.done_to, c.head_sequence from ves_store.cursors as c
    where c.consumer = v_consumer and c.due_at between v_from and v_now
    order by c.due_at
    limit max_streams
    for update skip locked
  ) as d;
  -- by place, as in ves_int.take_wake_ups
  update ves_store.cursors as c set done_to = c.head_sequence, due_at = null where c.ctid = any(v_due.places);
  select
    array_agg(u.place) filter (where u.place is not null) as places,
    array_agg(d.head_sequence) filter (where u.place is not null) as heads,
    array_agg(d.store_id) filter (where u.place is null) as new_store_ids,
    array_agg(d.done_to + 1) filter (where u.place is null) as new_from,
    array_agg(d.head_sequence) filter (where u.place is null) as new_to
  into v_messages
  from unnest(v_due.store_ids, v_due.done_to, v_due.heads) as d (store_id, done_to, head_sequence)
  left join lateral (
    select q.ctid as place from pgmq.q_ves_ranges as q
    where q.message ->> 'store_id' = d.store_id::text and (q.message ->> 'sequence_to')::bigint = d.done_to
      and q.message -> 'subscription_id' = to_jsonb(subscription.subscription_id) and q.read_ct = 0
    limit 1
    for update skip locked
  ) as u on true;
  update pgmq.q_ves_ranges as q
  set message = q.message || jsonb_build_object('sequence_to', u.head)
  from unnest(v_messages.places, v_messages.heads) as u (place, head)
  where q.ctid = u.place;
  insert into pgmq.q_ves_ranges (vt, message)
  select v_now, jsonb_build_object(
    'subscription_id', subscription.subscription_id, 'tenant_id', subscription.tenant_id, 'store_id', n.store_id,
    'sequence_from', n.sequence_from, 'sequence_to', n.sequence_to
  )
  from unnest(v_messages.new_store_ids, v_messages.new_from, v_messages.new_to)
    as n (store_id, sequence_from, sequence_to);
end
$$;

comment on function ves_int.fill_queue(ves_store.subscriptions, integer) is
'Writes messages for the streams of a queue that have new events, each event in exactly one.';
