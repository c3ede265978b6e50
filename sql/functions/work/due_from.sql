-- Locks nothing.
create or replace function ves_int.due_from(scan text, consumers text[])
returns timestamptz
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_index constant regclass := 'ves_store.cursors_due_at_idx'::regclass;
  v_read constant bigint := pg_stat_get_xact_tuples_returned(v_index);
  v_kept constant timestamptz := coalesce(ves_int.scan_start(scan)::timestamptz, '-infinity');
  v_began constant timestamptz := clock_timestamp();
  v_from timestamptz;
begin
  -- a statement that makes a cursor due writes no instant before its own begin, and commits soon after that
  select greatest(v_kept, least(min(c.due_at), clock_timestamp()) - interval '0.15 seconds') into v_from
  from unnest(consumers) as n (consumer)
  cross join lateral (
    select o.due_at from ves_store.cursors as o
    where o.consumer = n.consumer and o.due_at >= v_kept
    order by o.due_at
    limit 1
  ) as c;
  return ves_int.keep_scan_start(
    scan, v_from::text, pg_stat_get_xact_tuples_returned(v_index) - v_read, v_began)::timestamptz;
end
$$;

comment on function ves_int.due_from(text, text[]) is
'Where a scan for due cursors of consumers begins: a little before the first live one, or before now.';
