-- Two statements: one plan for both would not use the index of the tenant.
-- Locks (sql/README.md): 4, skipping locked messages.
create or replace function ves_int.lock_due_retries(
  consumer text, of_tenant uuid, after_vt timestamptz, after_id bigint, due_to timestamptz,
  max_letters integer
)
returns table (place tid, vt timestamptz, msg_id bigint)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
as $$
#variable_conflict use_column
begin
  if of_tenant is null then
    return query
    select q.ctid, q.vt, q.msg_id
    from pgmq.q_ves_dead_letters as q
    where q.message ->> 'consumer' = lock_due_retries.consumer and (q.vt, q.msg_id) > (after_vt, after_id)
      and q.vt <= due_to
    order by q.vt, q.msg_id
    limit greatest(max_letters, 0)
    for update skip locked;
  else
    return query
    select q.ctid, q.vt, q.msg_id
    from pgmq.q_ves_dead_letters as q
    where (q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt, q.msg_id)
      > (lock_due_retries.consumer, of_tenant::text, after_vt, after_id)
      and (q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt)
      <= (lock_due_retries.consumer, of_tenant::text, due_to)
    order by q.message ->> 'consumer', q.message ->> 'tenant_id', q.vt, q.msg_id
    limit greatest(max_letters, 0)
    for update skip locked;
  end if;
end
$$;

comment on function ves_int.lock_due_retries(text, uuid, timestamptz, bigint, timestamptz, integer) is
'Locks messages of due dead letters of a consumer behind a place in the order of time, of one tenant or null: of any; where they are.';
