-- The claims outlive the call, so that a function that runs too long or ends its backend waits for their end.
-- Locks (sql/README.md): 4, one row, skipping locked ones, then as ves_int.claim_retries.
create or replace function ves.claim_projector(claim_seconds double precision default 120)
returns table (tenant_id uuid, store_id uuid, name text, dead_letter_id bigint, token bigint)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now + greatest(least(claim_seconds, 1e9), 0) * interval '1 second';
  v_index constant regclass := 'ves_store.cursors_projector_due_at_idx'::regclass;
  v_read constant bigint := pg_stat_get_xact_tuples_returned(v_index);
  v_began timestamptz;
  v_kept constant timestamptz := coalesce(ves_int.scan_start('projectors')::timestamptz, '-infinity');
  v_from timestamptz;
begin
  perform ves_int.take_wake_ups();
  -- as in ves_int.due_from
  v_began := clock_timestamp();
  v_from := ves_int.keep_scan_start('projectors', greatest(v_kept, least((
    select o.due_at from ves_store.cursors as o
    where starts_with(o.consumer, 'projector/') and o.due_at >= v_kept
    order by o.due_at
    limit 1
  ), v_now) - interval '0.15 seconds')::text, pg_stat_get_xact_tuples_returned(v_index) - v_read, v_began
  )::timestamptz;
  return query
  update ves_store.cursors as c
  set due_at = v_until, claimed_until = v_until
  where c.ctid = any (array(
    select o.ctid from ves_store.cursors as o
    where starts_with(o.consumer, 'projector/') and o.due_at between v_from and v_now
    order by o.due_at
    limit 1
    for update skip locked
  ))
  returning c.tenant_id, c.store_id, substring(c.consumer from 11), null::bigint, null::bigint;
  return query
  select r.tenant_id, r.store_id, substring(r.consumer from 11), r.dead_letter_id, r.retry_token
  from ves_int.claim_retries('projector', 1, claim_seconds) as r;
end
$$;

comment on function ves.claim_projector(double precision) is
'A registered projector that has events to project, and a due dead letter of one: at most a row each, for ves.run_projector. Nobody else is given them for claim_seconds.';
