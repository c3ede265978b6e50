-- A message is hidden while its dead letter is claimed: that of a claimer that died becomes visible again.
-- Locks (sql/README.md): 4, skipping locked messages, then rows of dead letters.
create or replace function ves_int.claim_retries(
  consumers text[], max_letters integer default 1, claim_seconds double precision default 30
)
returns setof ves_store.dead_letter_events
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_until constant timestamptz := v_now + greatest(least(claim_seconds, 86400), 0) * interval '1 second';
  v_claimed ves_store.dead_letter_events[];
  v_due bigint;
begin
  loop
    with due as materialized (
      select m.* from unnest(consumers) as c (consumer)
      cross join lateral (
        select q.msg_id, (q.message ->> 'tenant_id')::uuid as tenant_id,
          (q.message ->> 'dead_letter_id')::bigint as dead_letter_id
        from pgmq.q_ves_dead_letters as q
        where q.message ->> 'consumer' = c.consumer and q.vt <= v_now
        order by q.vt
        limit greatest(max_letters, 0)
        for update skip locked
      ) as m
      limit greatest(max_letters, 0)
    ),
    claimed as (
      update ves_store.dead_letter_events as d
      set status = 'retrying', retry_token = d.retry_token + 1, last_retry_at = v_now, next_retry_at = v_until
      from due as m
      where d.tenant_id = m.tenant_id and d.dead_letter_id = m.dead_letter_id and d.message_id = m.msg_id
        and d.status in ('pending', 'retrying')
      returning d as letter
    ),
    hidden as (
      update pgmq.q_ves_dead_letters as q
      set vt = v_until, read_ct = q.read_ct + 1, last_read_at = v_now
      from claimed as c where q.msg_id = (c.letter).message_id
    ),
    stale as (
      delete from pgmq.q_ves_dead_letters as q
      using due as m
      where q.msg_id = m.msg_id and not exists (select from claimed as c where (c.letter).message_id = m.msg_id)
    )
    select
      (select array_agg(c.letter order by (c.letter).tenant_id, (c.letter).dead_letter_id) from claimed as c), (select count(*) from due)
    into v_claimed, v_due;
    exit when v_claimed is not null or v_due = 0;
  end loop;
  return query select c.* from unnest(v_claimed) as c;
end
$$;

comment on function ves_int.claim_retries(text[], integer, double precision) is
'Claims due dead letters of consumers (projector: all registered projectors) for some seconds: pending ones, and those whose claim is over. Messages whose dead letter is settled or was scheduled anew are deleted.';
