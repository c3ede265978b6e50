-- Locks (sql/README.md): 0, then rows of x402_exact_payments.
create or replace function ves.finish_exact_rechecks(
  lease_token bigint, until timestamptz, used uuid[], unused uuid[], unread uuid[]
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_count integer;
begin
  perform ves_int.require_lease('x402_settlement', lease_token);
  update ves_store.x402_exact_payments as p
  set recheck_at = case
    when p.payment_id = any(unread) then least(until, clock_timestamp()) + interval '30 seconds'
    when p.payment_id = any(unused) and ves_int.authorization_end(p.valid_before) > until
      then ves_int.authorization_end(p.valid_before)
  end
  where p.payment_id = any(used || unused || unread) and coalesce(p.recheck_at <= until, false);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

comment on function ves.finish_exact_rechecks(bigint, timestamptz, uuid[], uuid[], uuid[]) is
'Records what the final block of time until shows of failed payments that nobody has made: whose authorization is used for something else, or over, is never looked at again, an unused one when it is over, and one of which nothing could be read, or whose use is still looked for, in 30 seconds, by the clock that is behind, of the database or of the chain: nearly at once, but after the others of its tenant. How many. Errors: VE406.';
