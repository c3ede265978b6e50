-- Moves the marks of due streams over the receipts stored since, then answers the events whose
-- receipt is missing behind them. Each stream is one walk over consecutive numbers of the receipts' key,
-- never a join of events and receipts, which the planner can make quadratic: a scalar subquery stays one
-- look-up by the full key, where `not exists` becomes a join.
-- Locks (sql/README.md): those of ves_int.lock_due_cursors.
create or replace function ves.get_receipt_work(
  max_events integer default 1000, min_age_seconds double precision default 2
)
returns table (
  tenant_id uuid, store_id uuid, sequence_number bigint, event_id uuid, signing_hash bytea, signer_id integer
)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set plan_cache_mode to force_generic_plan
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_window constant bigint := 20000::bigint;
  v_most constant bigint := greatest(max_events, 0)::bigint;
  v_cutoff constant timestamptz := clock_timestamp()
    - greatest(least(min_age_seconds, 1e9), 0) * interval '1 second';
  v_due record;
begin
  select * into v_due from ves_int.lock_due_cursors('receipts', v_cutoff, 10000);
  return query
  with reached as materialized (
    select d.*, (
      select d.done_to + count(*)
      from (
        select r.sequence_number - row_number() over (order by r.sequence_number) as distance
        from ves_store.ves_sequencer_receipts as r
        where r.tenant_id = d.tenant_id and r.store_id = d.store_id
          and r.sequence_number > d.done_to and r.sequence_number <= least(d.done_to + v_window, d.head_sequence)
      ) as n
      where n.distance = d.done_to
    ) as reached_to
    from unnest(v_due.places, v_due.tenant_ids, v_due.store_ids, v_due.done_to, v_due.heads, v_due.due_at)
      as d (place, tenant_id, store_id, done_to, head_sequence, due_at)
  ),
  missing as materialized (
    select r.tenant_id, r.store_id, e.sequence_number, e.event_id, e.event_signing_hash, e.signer_id
    from reached as r
    cross join lateral (
      select v.sequence_number, v.event_id, v.event_signing_hash, v.signer_id
      from ves_store.ves_events as v
      where v.tenant_id = r.tenant_id and v.store_id = r.store_id
        and v.sequence_number > r.reached_to and v.sequence_number <= least(r.reached_to + v_most, r.head_sequence)
        and v.sequenced_at <= v_cutoff
        and (
          select s.sequence_number from ves_store.ves_sequencer_receipts as s
          where s.tenant_id = v.tenant_id and s.store_id = v.store_id and s.sequence_number = v.sequence_number
          limit 1
        ) is null
      order by v.sequence_number
    ) as e
    limit v_most
  ),
  moved as (
    update ves_store.cursors as c
    set done_to = r.reached_to, due_at = case
      when r.reached_to >= r.head_sequence then null
      -- handed out now: to the end of the line, so that no stream keeps the others waiting
      when (
        select true from missing as m where m.tenant_id = r.tenant_id and m.store_id = r.store_id limit 1
      ) then v_cutoff
      else greatest(r.due_at, (
        select v.sequenced_at from ves_store.ves_events as v
        where v.tenant_id = r.tenant_id and v.store_id = r.store_id and v.sequence_number = r.reached_to + 1
      ))
    end
    from reached as r
    where c.ctid = r.place
  )
  select m.* from missing as m;
end
$$;

comment on function ves.get_receipt_work(integer, double precision) is
'Events without a stored receipt (VES 11) and older than min_age_seconds: those that an API process lost, or that a trusted service ingested. At most max_events, of the streams first that were not answered for the longest time.';
