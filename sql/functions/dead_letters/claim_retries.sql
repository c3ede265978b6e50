-- A message is hidden while its dead letter is claimed: that of a claimer that died becomes visible again.
-- The rows are found by their places, as in ves_int.take_wake_ups.
-- Locks (sql/README.md): 4, skipping locked messages, then rows of dead letters.
create or replace function ves_int.claim_retries(
  consumer text, max_letters integer default 1, claim_seconds double precision default 30
)
returns setof ves_store.dead_letter_events
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now + greatest(least(claim_seconds, 86400), 0) * interval '1 second';
  v_first constant timestamptz := ves_int.retries_from(claim_retries.consumer);
  v_tenant uuid := ves_int.next_retry_tenant(claim_retries.consumer, v_first, v_now);
  v_from timestamptz := v_first;
  v_after bigint := 0::bigint;
  v_passed bigint := 0::bigint;
  v_due record;
  v_letters ves_store.dead_letter_events[];
begin
  loop
    select
      array_agg(m.place) as places, max(m.vt) as last_vt, (array_agg(m.msg_id))[count(*)] as last_id
    into v_due
    from ves_int.lock_due_retries(claim_retries.consumer, v_tenant, v_from, v_after, v_now, max_letters) as m;
    if v_due.places is null then
      exit when v_tenant is null;
      -- another session was faster: whatever is due
      select null::uuid, v_first, 0::bigint into v_tenant, v_from, v_after;
      continue;
    end if;
    with claimed as (
      update ves_store.dead_letter_events as d
      set status = 'retrying', retry_token = d.retry_token + 1, last_retry_at = v_now, next_retry_at = v_until
      where d.ctid = any (array(
        select l.place
        from pgmq.q_ves_dead_letters as q
        cross join lateral (
          -- By order: a plan made while the table was empty could look it up by its tenant alone.
          select o.ctid as place, o.status, o.message_id
          from ves_store.dead_letter_events as o
          where o.tenant_id = (q.message ->> 'tenant_id')::uuid
            and o.dead_letter_id between (q.message ->> 'dead_letter_id')::bigint
              and (q.message ->> 'dead_letter_id')::bigint
          order by o.dead_letter_id
          limit 1
          for update
        ) as l
        where q.ctid = any(v_due.places) and l.message_id = q.msg_id and l.status in ('pending', 'retrying')
      ))
      returning d as letter
    )
    select array_agg(c.letter order by (c.letter).tenant_id, (c.letter).dead_letter_id) into v_letters
    from claimed as c;
    update pgmq.q_ves_dead_letters as q
    set vt = v_until, read_ct = q.read_ct + 1, last_read_at = v_now
    where q.ctid = any(v_due.places)
      and q.msg_id = any (array(select l.message_id from unnest(v_letters) as l));
    -- The claimed ones have moved. What is left at these places is stale.
    delete from pgmq.q_ves_dead_letters as q where q.ctid = any(v_due.places);
    v_passed := v_passed + cardinality(v_due.places);
    -- the rest is left to the next call: what ends in a timeout deletes nothing
    exit when v_letters is not null or v_passed >= 2000;
    v_from := v_due.last_vt;
    v_after := v_due.last_id;
  end loop;
  return query select l.* from unnest(v_letters) as l;
end
$$;

comment on function ves_int.claim_retries(text, integer, double precision) is
'Claims due dead letters of a consumer (projector: of all registered projectors) for some seconds: pending ones, and those whose claim is over, of the tenant whose turn it is where it serves many. Messages whose dead letter is settled or was scheduled anew are deleted, up to some 2,000 in a call, which may then answer nothing.';
