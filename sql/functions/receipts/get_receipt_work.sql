-- Two statements: move each stream's mark over the receipts stored since, then answer what is missing behind
-- it.
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
begin
  with behind as (
    select c.tenant_id, c.store_id, coalesce(p.receipts_to, 0) as receipts_to, c.current_sequence
    from ves_store.ves_sequence_counters as c
    left join ves_store.receipt_progress as p on p.tenant_id = c.tenant_id and p.store_id = c.store_id
    where c.current_sequence > coalesce(p.receipts_to, 0)
  ),
  reached as (
    select b.*, coalesce((
      select v.sequence_number - 1
      from ves_store.ves_events as v
      where v.tenant_id = b.tenant_id and v.store_id = b.store_id and v.sequence_number > b.receipts_to
        and not exists (
          select from ves_store.ves_sequencer_receipts as r
          where r.tenant_id = v.tenant_id and r.store_id = v.store_id and r.sequence_number = v.sequence_number
        )
      order by v.sequence_number
      limit 1
    ), b.current_sequence) as reached_to
    from behind as b
  )
  insert into ves_store.receipt_progress as p (tenant_id, store_id, receipts_to)
  select r.tenant_id, r.store_id, r.reached_to from reached as r where r.reached_to > r.receipts_to
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
      and not exists (
        select from ves_store.ves_sequencer_receipts as r
        where r.tenant_id = v.tenant_id and r.store_id = v.store_id and r.sequence_number = v.sequence_number
      )
    order by v.sequence_number
    limit greatest(max_events, 0)
  ) as e
  where c.current_sequence > coalesce(p.receipts_to, 0)
  limit greatest(max_events, 0);
end
$$;

comment on function ves.get_receipt_work(integer, double precision) is
'Events without a stored receipt and older than min_age_seconds: what an API process lost, or what a trusted service ingested. At most max_events.';
