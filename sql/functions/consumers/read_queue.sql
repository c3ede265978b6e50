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
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    read_queue.tenant_id, read_queue.name, 'queue');
  v_most constant integer := least(greatest(max_ranges, 0), 1000);
  v_now timestamptz;
begin
  perform ves_int.follow_streams(v_subscription);
  perform ves_int.fill_queue(v_subscription, v_most);
  v_now := clock_timestamp();
  return query
  with visible as materialized (
    select q.msg_id from pgmq.q_ves_ranges as q
    where (q.message ->> 'subscription_id')::bigint = v_subscription.subscription_id and q.vt <= v_now
      and not exists (
        select from pgmq.q_ves_ranges as o
        where (o.message ->> 'subscription_id')::bigint = v_subscription.subscription_id
          and o.message ->> 'store_id' = q.message ->> 'store_id' and o.msg_id < q.msg_id
      )
    limit v_most
    for update of q skip locked
  ),
  hidden as (
    update pgmq.q_ves_ranges as q
    set
      vt = v_now + greatest(least(visible_after, 3600), 1) * interval '1 second', read_ct = q.read_ct + 1,
      last_read_at = v_now
    from visible as v
    where q.msg_id = v.msg_id
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
