-- A claim is a due date in the future: the stream of a claimer that died is due again when its claim is over.
-- Locks (sql/README.md): those of ves_int.lock_due_cursors.
create or replace function ves.claim_cursors(
  consumer text, max_streams integer default 100, claim_seconds double precision default 30
)
returns table (tenant_id uuid, store_id uuid, done_to bigint, head_sequence bigint, traceparent text)
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
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now
    + greatest(least(claim_seconds, 1e9), 0) * interval '1 second';
  v_due record;
begin
  select * into v_due from ves_int.lock_due_cursors(claim_cursors.consumer, v_now, max_streams);
  -- by place, as in ves_int.take_wake_ups
  update ves_store.cursors as c set due_at = v_until, claimed_until = v_until where c.ctid = any(v_due.places);
  return query
  select d.* from unnest(v_due.tenant_ids, v_due.store_ids, v_due.done_to, v_due.heads, v_due.traceparents) as d;
end
$$;

comment on function ves.claim_cursors(text, integer, double precision) is
'Streams in which a consumer has something due, the longest due first; nobody else is given them for claim_seconds. Streams that another transaction holds are skipped. traceparent: that of an append that told of the head.';
