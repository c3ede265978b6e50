-- A claim is a due date in the future: the stream of a claimer that died is due again when its claim is over.
-- Locks (sql/README.md): rows of cursors, skipping locked ones.
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
begin
  perform ves_int.take_wake_ups();
  return query
  with due as materialized (
    select c.tenant_id, c.store_id, c.due_at
    from ves_store.cursors as c
    where c.consumer = claim_cursors.consumer and c.due_at <= v_now
    order by c.due_at
    limit greatest(max_streams, 0)
    for update skip locked
  ),
  claimed as (
    update ves_store.cursors as c
    set due_at = v_until, claimed_until = v_until
    from due as d
    where c.tenant_id = d.tenant_id and c.store_id = d.store_id and c.consumer = claim_cursors.consumer
    returning c.tenant_id, c.store_id, c.done_to, c.head_sequence, c.traceparent, d.due_at
  )
  select d.tenant_id, d.store_id, d.done_to, d.head_sequence, d.traceparent from claimed as d order by d.due_at;
end
$$;

comment on function ves.claim_cursors(text, integer, double precision) is
'Streams in which a consumer has something due, the longest due first; nobody else is given them for claim_seconds. Streams that another transaction holds are skipped. traceparent: that of an append that told of the head.';
