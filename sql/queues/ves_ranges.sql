-- The queue of subscriptions of kind queue: messages name ranges, never contents.
do $$
begin
  if to_regclass('pgmq.q_ves_ranges') is null then
    perform pgmq.create('ves_ranges');
  end if;
end
$$;
create index if not exists q_ves_ranges_subscription_idx
on pgmq.q_ves_ranges (((message ->> 'subscription_id')::bigint), msg_id);
-- A message is found by where it ends: a stream's messages are many, most of them finished.
-- Without the subscription, so that no other index serves the look-up: the planner sees an empty queue.
create index if not exists q_ves_ranges_end_idx
on pgmq.q_ves_ranges ((message ->> 'store_id'), ((message ->> 'sequence_to')::bigint));
alter table pgmq.q_ves_ranges set (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
grant select, insert, update, delete on pgmq.q_ves_ranges to ves_owner;
grant select on pgmq.q_ves_ranges_msg_id_seq to ves_owner;
