-- Cursors are locked in the order of the key, then missing ones are made at 0 in the same order: two callers
-- never wait for each other in a circle. The next turn moves them, also those that another transaction made.
-- A cursor that another transaction holds, makes or deletes, for as long as a service or a projector works,
-- is not waited for.
-- Locks (sql/README.md): 4, rows of cursors, skipping locked ones, then as ves_int.make_cursors.
create or replace function ves_int.note_cursors(
  tenant_ids uuid[], store_ids uuid[], consumers text[], heads bigint[], due_ats timestamptz[],
  traces text[] default null
)
returns setof bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set enable_bitmapscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  -- as ves_int.due_from expects
  v_oldest constant timestamptz := statement_timestamp();
  v_found record;
begin
  loop
    select
      array_agg(c.place) filter (where c.is_behind) as places, array_agg(w.head) filter (where c.is_behind) as heads,
      array_agg(w.due_at) filter (where c.is_behind) as due_ats, array_agg(w.trace) filter (where c.is_behind) as traces,
      array_agg(w.tenant_id) filter (where c.place is null) as tenant_ids,
      array_agg(w.store_id) filter (where c.place is null) as store_ids,
      array_agg(w.consumer) filter (where c.place is null) as consumers,
      array_agg(w.number) filter (where c.place is null) as numbers
    into v_found
    from (
      select g.* from unnest(tenant_ids, store_ids, consumers, heads, note_cursors.due_ats, note_cursors.traces)
        with ordinality as g (tenant_id, store_id, consumer, head, due_at, trace, number)
      order by g.tenant_id, g.store_id, g.consumer
    ) as w
    -- as in ves_int.lock_cursor; the rows come in the order of the key, so the arrays have it too
    left join lateral (
      select o.ctid as place, o.head_sequence < w.head or w.due_at < o.due_at as is_behind
      from ves_store.cursors as o
      where o.tenant_id = w.tenant_id and o.store_id = w.store_id and o.consumer = w.consumer
      order by o.head_sequence desc, o.done_to desc
      limit 1
      for update skip locked
    ) as c on true;
    update ves_store.cursors as c
    set
      traceparent = f.trace, head_sequence = greatest(c.head_sequence, f.head),
      due_at = case
        when c.done_to < greatest(c.head_sequence, f.head)
          then greatest(least(c.due_at, greatest(f.due_at, v_oldest)), c.claimed_until)
      end
    from unnest(v_found.places, v_found.heads, v_found.due_ats, v_found.traces) as f (place, head, due_at, trace)
    where c.ctid = f.place;
    exit when v_found.tenant_ids is null;
    exit when not ves_int.make_cursors(v_found.tenant_ids, v_found.store_ids, v_found.consumers);
  end loop;
  return query select m.* from unnest(v_found.numbers) as m;
end
$$;

comment on function ves_int.note_cursors(uuid[], uuid[], text[], bigint[], timestamptz[], text[]) is
'Tells consumers of streams of a head and when it is due, each stream and consumer once: their cursors are moved forward, or made at 0. Answers the subscripts of those that another transaction holds, makes or deletes, which are not moved.';
