-- A statement of its own: the cursors are then in the snapshot of the next statement of the caller, which
-- finds them by place, as ves_int.take_wake_ups finds messages.
-- Locks (sql/README.md): 4, skipping locked messages, then rows of cursors, skipping locked ones.
create or replace function ves_int.lock_due_cursors(
  consumer text, due_to timestamptz, max_cursors integer,
  out places tid[], out tenant_ids uuid[], out store_ids uuid[], out done_to bigint[], out heads bigint[],
  out due_at timestamptz[], out traceparents text[]
)
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
  v_from timestamptz;
begin
  perform ves_int.take_wake_ups();
  v_from := ves_int.due_from(lock_due_cursors.consumer, array[lock_due_cursors.consumer]);
  select
    array_agg(d.place), array_agg(d.tenant_id), array_agg(d.store_id), array_agg(d.done_to),
    array_agg(d.head_sequence), array_agg(d.due_at), array_agg(d.traceparent)
  into places, tenant_ids, store_ids, done_to, heads, due_at, traceparents
  from (
    select c.ctid as place, c.*
    from ves_store.cursors as c
    where c.consumer = lock_due_cursors.consumer and c.due_at between v_from and lock_due_cursors.due_to
    order by c.due_at
    limit greatest(lock_due_cursors.max_cursors, 0)
    for update skip locked
  ) as d;
end
$$;

comment on function ves_int.lock_due_cursors(text, timestamptz, integer) is
'Moves messages of the queue into cursors, then locks up to max_cursors cursors of a consumer that are due at due_to, the longest due first, and answers them as arrays with their places (ctid); nulls when there are none.';
