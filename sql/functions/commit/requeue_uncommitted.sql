create or replace function ves.requeue_uncommitted()
returns bigint
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  with queued as (
    insert into pgmq.q_ves_commit (vt, message)
    select clock_timestamp(), jsonb_build_object(
      'tenant_id', c.tenant_id, 'store_id', c.store_id,
      'sequence_from', ves_int.committed_to(c.tenant_id, c.store_id) + 1, 'sequence_to', c.current_sequence)
    from ves_store.ves_sequence_counters as c
    where c.current_sequence > ves_int.committed_to(c.tenant_id, c.store_id)
      and not exists (
        select from pgmq.q_ves_commit as q
        where q.message ->> 'tenant_id' = c.tenant_id::text and q.message ->> 'store_id' = c.store_id::text
      )
    returning 1
  )
  select count(*) from queued;
$$;

comment on function ves.requeue_uncommitted() is
'Puts a wake-up in the queue for every stream with uncommitted events and no message (a purged queue, a restored backup). Run at worker start and rarely.';
