-- Takes up to `wanted` requests out of every named budget, or as many as the scarcest has left.
-- Locks the budgets' rows in the order of bucket and key, reads the clock only then (a grant is counted when it is
-- given, not when it was asked for), and never waits after that.
create or replace function ves_int.take_budget(
  buckets text[], keys text[], limits integer[], windows integer[], max_entries integer[], wanted integer,
  at timestamptz default null
)
returns table (granted integer, scarcest integer, remaining integer, reset_seconds integer)
language plpgsql
volatile
set search_path to ''
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_rows ves_store.rate_limits[];
  v_row ves_store.rate_limits;
  v_created text[] := array[]::text[];
  v_order integer[];
  v_index integer;
  v_at timestamptz;
  v_slot bigint;
  v_room integer;
  v_granted integer := take_budget.wanted;
begin
  v_order := array(
    select o.ord::integer from unnest(buckets, keys) with ordinality as o (bucket, key, ord) order by o.bucket, o.key
  );
  foreach v_index in array v_order loop
    loop
      select r.* into v_row from ves_store.rate_limits as r
      where r.bucket = buckets[v_index] and r.key = keys[v_index] and r.window_seconds = windows[v_index]
      for update;
      exit when found;
      insert into ves_store.rate_limits (bucket, key, window_seconds, last_slot, counts)
      values (buckets[v_index], keys[v_index], windows[v_index], 0, array_fill(0, array[61]))
      on conflict do nothing;
      v_created := v_created || buckets[v_index];
    end loop;
    v_rows[v_index] := v_row;
  end loop;

  v_at := coalesce(take_budget.at, clock_timestamp());
  foreach v_index in array v_order loop
    v_row := v_rows[v_index];
    v_slot := ves_int.rate_limit_slot(v_at, v_row.window_seconds);
    v_row.counts := ves_int.rolled_counts(v_row.counts, v_row.last_slot, v_slot);
    v_row.last_slot := case when v_row.last_slot - v_slot between 0 and 60 then v_row.last_slot else v_slot end;
    v_rows[v_index] := v_row;
    v_room := (limits[v_index] - (select sum(c.n) from unnest(v_row.counts) as c (n)))::integer;
    v_granted := greatest(0, least(v_granted, v_room));
  end loop;

  foreach v_index in array v_order loop
    v_row := v_rows[v_index];
    v_row.counts[1 + v_row.last_slot % 61] := v_row.counts[1 + v_row.last_slot % 61] + v_granted;
    v_rows[v_index] := v_row;
    if v_granted > 0 then
      update ves_store.rate_limits as r set last_slot = v_row.last_slot, counts = v_row.counts
      where r.bucket = v_row.bucket and r.key = v_row.key and r.window_seconds = v_row.window_seconds;
    end if;
  end loop;
  foreach v_index in array v_order loop
    if buckets[v_index] = any(v_created) then
      perform ves_int.evict_rate_limits(buckets[v_index], max_entries[v_index], keys, v_at);
    end if;
  end loop;

  return query
  select v_granted, b.ord::integer, b.remaining, b.reset_seconds
  from (
    select
      r.ord,
      greatest(0, limits[r.ord] - (select sum(c.n) from unnest(r.counts) as c (n)))::integer as remaining,
      ves_int.rate_limit_reset(r.counts, r.last_slot, limits[r.ord], r.window_seconds, v_at) as reset_seconds
    from unnest(v_rows) with ordinality as r (bucket, key, window_seconds, last_slot, counts, ord)
  ) as b
  order by b.remaining, b.reset_seconds desc, b.ord
  limit 1;
end
$$;

comment on function ves_int.take_budget(text[], text[], integer[], integer[], integer[], integer, timestamptz) is
'Takes up to wanted requests out of all the budgets together: what one refuses is counted in none. Never more than limit requests in any window: counts are kept for 61 slots of a 60th of the window, so a request is remembered for up to a 60th longer than the window. Answers what was granted and, of the scarcest budget, its place in the arrays, what is left, and in how many seconds there is more. at null: the clock, read under the locks.';
