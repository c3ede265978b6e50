-- The claim outlives the call, so that a function that runs too long or ends its backend waits for its end.
-- Locks (sql/README.md): 4, one row, skipping locked ones.
create or replace function ves.claim_projector(claim_seconds double precision default 120)
returns table (tenant_id uuid, store_id uuid, name text)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now + greatest(least(claim_seconds, 1e9), 0) * interval '1 second';
begin
  perform ves_int.take_wake_ups();
  return query
  update ves_store.cursors as c
  set due_at = v_until, claimed_until = v_until
  where c.ctid = any (array(
    select o.ctid from ves_store.cursors as o
    where o.consumer >= 'projector/' and o.consumer < 'projector0' and o.due_at <= v_now
    order by o.consumer, o.due_at
    limit 1
    for update skip locked
  ))
  returning c.tenant_id, c.store_id, substring(c.consumer from 11);
end
$$;

comment on function ves.claim_projector(double precision) is
'One registered projector that has events to project (ves.run_projector); nobody else is given it for claim_seconds.';
