-- A message that nobody has read yet is extended, so a stream has at most one unread and one claimed message.
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
  v_now constant timestamptz := clock_timestamp();
begin
  with due as materialized (
    select c.store_id, c.consumer, c.done_to, c.head_sequence from ves_store.cursors as c
    where c.consumer = ves_int.cursor_name(subscription.subscription_id, 'queue', null) and c.due_at <= v_now
    order by c.due_at
    limit max_streams
    for update skip locked
  ),
  moved as (
    update ves_store.cursors as c set done_to = c.head_sequence, due_at = null
    from due as d
    where c.tenant_id = subscription.tenant_id and c.store_id = d.store_id and c.consumer = d.consumer
  ),
  unread as materialized (
    select d.store_id, d.done_to, d.head_sequence, u.msg_id
    from due as d
    left join lateral (
      select q.msg_id from pgmq.q_ves_ranges as q
      where (q.message ->> 'subscription_id')::bigint = subscription.subscription_id
        and q.message ->> 'store_id' = d.store_id::text and q.read_ct = 0
      order by q.msg_id desc
      limit 1
      for update skip locked
    ) as u on true
  ),
  extended as (
    update pgmq.q_ves_ranges as q
    set message = q.message || jsonb_build_object('sequence_to', u.head_sequence)
    from unread as u
    where q.msg_id = u.msg_id
  )
  insert into pgmq.q_ves_ranges (vt, message)
  select v_now, jsonb_build_object(
    'subscription_id', subscription.subscription_id, 'tenant_id', subscription.tenant_id, 'store_id', u.store_id,
    'sequence_from', u.done_to + 1, 'sequence_to', u.head_sequence
  )
  from unread as u
  where u.msg_id is null;
end
$$;

comment on function ves_int.fill_queue(ves_store.subscriptions, integer) is
'Writes messages for the streams of a queue that have new events, each event in exactly one.';
