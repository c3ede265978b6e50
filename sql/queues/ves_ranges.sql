-- The queue of subscriptions of kind queue: messages name ranges, never contents.
do $$
begin
  if to_regclass('pgmq.q_ves_ranges') is null then
    perform pgmq.create('ves_ranges');
  end if;
end
$$;
create index if not exists q_ves_ranges_subscription_idx
on pgmq.q_ves_ranges (((message ->> 'subscription_id')::bigint), (message ->> 'store_id'), msg_id);
alter table pgmq.q_ves_ranges set (
  fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
grant select, insert, update, delete on pgmq.q_ves_ranges to ves_owner;
