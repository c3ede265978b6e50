-- Cost follows the events behind the marks: each stream is one walk over consecutive numbers of the receipts'
-- key, never a join of events and receipts, whose number the planner may turn into a filter over the whole
-- stream.
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
as $$
#variable_conflict use_column
declare
  v_window constant bigint := 20000::bigint;
begin
  with behind as (
    select c.tenant_id, c.store_id, coalesce(p.receipts_to, 0) as receipts_to, c.current_sequence
    from ves_store.ves_sequence_counters as c
    left join ves_store.receipt_progress as p on p.tenant_id = c.tenant_id and p.store_id = c.store_id
    where c.current_sequence > coalesce(p.receipts_to, 0)
  )
  insert into ves_store.receipt_progress as p (tenant_id, store_id, receipts_to)
  select b.tenant_id, b.store_id, w.reached_to
  from behind as b
  cross join lateral (
    select b.receipts_to + count(*) as reached_to
    from (
      select r.sequence_number - row_number() over (order by r.sequence_number) as distance
      from ves_store.ves_sequencer_receipts as r
      where r.tenant_id = b.tenant_id and r.store_id = b.store_id
        and r.sequence_number > b.receipts_to and r.sequence_number <= b.receipts_to + v_window
    ) as n
    where n.distance = b.receipts_to
  ) as w
  where w.reached_to > b.receipts_to
  on conflict (tenant_id, store_id) do update set receipts_to = greatest(p.receipts_to, excluded.receipts_to);

  return query
  select e.tenant_id, e.store_id, e.sequence_number, e.event_id, e.event_signing_hash, e.signer_id
  from ves_store.ves_sequence_counters as c
  left join ves_store.receipt_progress as p on p.tenant_id = c.tenant_id and p.store_id = c.store_id
  cross join lateral (
    select v.*
    from ves_store.ves_events as v
    where v.tenant_id = c.tenant_id and v.store_id = c.store_id
      and v.sequence_number > coalesce(p.receipts_to, 0)
      and v.sequenced_at <= clock_timestamp() - greatest(least(min_age_seconds, 1e9), 0) * interval '1 second'
      -- a scalar subquery stays one look-up by the full key; `not exists` becomes a join
      and (
        select r.sequence_number from ves_store.ves_sequencer_receipts as r
        where r.tenant_id = v.tenant_id and r.store_id = v.store_id and r.sequence_number = v.sequence_number
        limit 1
      ) is null
    order by v.sequence_number
    limit greatest(max_events, 0)
  ) as e
  where c.current_sequence > coalesce(p.receipts_to, 0)
  limit greatest(max_events, 0);
end
$$;

comment on function ves.get_receipt_work(integer, double precision) is
'Events without a stored receipt (VES 11) and older than min_age_seconds: those that an API process lost, or that a trusted service ingested. At most max_events.';
