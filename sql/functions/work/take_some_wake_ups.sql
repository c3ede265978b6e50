-- Messages and cursors change in one transaction, so no wake-up is lost and none has to be read twice.
-- The rows are found by their places: a join with the subquery that locks them may run it once a row, if the
-- plan was made while the queue was empty (measured: 2.9 s of CPU for 2,000 messages).
-- Locks (sql/README.md): 4, skipping locked messages, then rows of cursors.
create or replace function ves_int.take_some_wake_ups(max_messages integer, of_tenant uuid)
returns integer
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_index constant regclass := 'pgmq.q_ves_commit_pkey'::regclass;
  v_read constant bigint := pg_stat_get_xact_tuples_returned(v_index);
  v_kept constant bigint := coalesce(ves_int.scan_start('ves_commit')::bigint, 0);
  v_began constant timestamptz := clock_timestamp();
  v_from bigint;
  v_to bigint := 9223372036854775807;
  v_last bigint;
  v_streams record;
begin
  -- ids are given before the commit: some in front of the first may still become visible
  v_from := ves_int.keep_scan_start('ves_commit', greatest(v_kept, coalesce(
    (select q.msg_id from pgmq.q_ves_commit as q where q.msg_id >= v_kept order by q.msg_id limit 1),
    (select s.last_value from pgmq.q_ves_commit_msg_id_seq as s)) - 100)::text,
    pg_stat_get_xact_tuples_returned(v_index) - v_read, v_began)::bigint;
  if of_tenant is not null then
    -- others' messages are many while no worker runs: one part of them is looked at, any
    select s.last_value into v_last from pgmq.q_ves_commit_msg_id_seq as s;
    v_from := v_from + 10000 * floor(random() * ((v_last - v_from) / 10000 + 1))::bigint;
    v_to := v_from + 9999;
  end if;
  with taken as (
    delete from pgmq.q_ves_commit as q
    where q.ctid = any (array(
      select w.ctid from pgmq.q_ves_commit as w
      where w.msg_id between v_from and v_to and (of_tenant is null or w.message ->> 'tenant_id' = of_tenant::text)
      order by w.msg_id limit max_messages for update skip locked
    ))
    returning
      (q.message ->> 'tenant_id')::uuid as tenant_id, (q.message ->> 'store_id')::uuid as store_id,
      (q.message ->> 'sequence_to')::bigint as head, coalesce((q.message ->> 'legacy')::boolean, false) as is_legacy,
      q.enqueued_at, q.headers ->> 'traceparent' as trace
  ),
  streams as (
    select t.tenant_id, t.store_id, t.is_legacy, max(t.head) as head, min(t.enqueued_at) as since,
      count(*) as messages, max(t.trace) as trace
    from taken as t
    group by t.tenant_id, t.store_id, t.is_legacy
  )
  select
    array_agg(s.tenant_id) as tenant_ids, array_agg(s.store_id) as store_ids, array_agg(s.head) as heads,
    array_agg(s.since) as since, array_agg(s.is_legacy) as are_legacy, array_agg(s.trace) as traces,
    coalesce(sum(s.messages), 0)::integer as messages
  into v_streams
  from streams as s;
  if v_streams.messages > 0 then
    perform ves_int.note_heads(v_streams.tenant_ids, v_streams.store_ids, v_streams.heads, v_streams.since,
      v_streams.are_legacy, v_streams.traces);
  end if;
  return v_streams.messages;
end
$$;

comment on function ves_int.take_some_wake_ups(integer, uuid) is
'Moves messages of the queue ves_commit, of one tenant or null: of all, into cursors; how many. Messages that another transaction holds are skipped. For one tenant, a call looks at 10,000 messages at most: where there are more, at another part of them each time.';
