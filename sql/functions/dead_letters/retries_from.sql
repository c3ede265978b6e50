-- Locks nothing.
create or replace function ves_int.retries_from(consumer text)
returns timestamptz
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set jit to off
as $$
declare
  v_index constant regclass := 'pgmq.q_ves_dead_letters_consumer_idx'::regclass;
  v_read constant bigint := pg_stat_get_xact_tuples_returned(v_index);
  v_scan constant text := 'retries/' || consumer;
  v_kept constant timestamptz := coalesce(ves_int.scan_start(v_scan)::timestamptz, '-infinity');
  v_began constant timestamptz := clock_timestamp();
  v_from timestamptz;
begin
  -- as in ves_int.due_from
  v_from := greatest(v_kept, least((
    select q.vt from pgmq.q_ves_dead_letters as q
    where q.message ->> 'consumer' = retries_from.consumer and q.vt >= v_kept
    order by q.vt
    limit 1
  ), clock_timestamp()) - interval '0.2 seconds');
  return ves_int.keep_scan_start(
    v_scan, v_from::text, pg_stat_get_xact_tuples_returned(v_index) - v_read, v_began)::timestamptz;
end
$$;

comment on function ves_int.retries_from(text) is
'Where a scan for due dead letters of a consumer begins, as ves_int.due_from for cursors.';
