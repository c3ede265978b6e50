-- Takes up to `wanted` requests out of every named budget, or as many as the scarcest has left. Locks the
-- budgets' rows in the order of bucket and key, reads the clock only then (a grant is counted when it is
-- given, not when it was asked for), and never waits after that. Loops instead of queries over the counts,
-- because starting a query costs more than adding up 61 numbers.
-- Locks (sql/README.md): rows of rate_limits in (bucket, key) order.
create or replace function ves_int.take_budget(
  buckets text[], keys text[], limits integer[], windows integer[], max_entries integer[], wanted integer,
  at timestamptz default null
)
returns table (granted integer, scarcest integer, remaining integer, reset_seconds integer)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_rows ves_store.rate_limits[];
  v_row ves_store.rate_limits;
  v_left integer[];
  v_created text[] := array[]::text[];
  v_order integer[] := array[1];
  v_index integer;
  v_at timestamptz;
  v_micros bigint;
  v_slot bigint;
  v_sum bigint;
  v_count integer;
  v_reset integer;
begin
  if cardinality(buckets) > 1 then
    v_order := array(
      select o.ord::integer from unnest(buckets, keys) with ordinality as o (bucket, key, ord) order by o.bucket, o.key
    );
  end if;
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
  v_micros := (extract(epoch from v_at) * 1000000)::bigint;
  granted := take_budget.wanted;
  foreach v_index in array v_order loop
    v_row := v_rows[v_index];
    v_slot := v_micros * 60 / (v_row.window_seconds * 1000000::bigint);
    if v_slot <> v_row.last_slot then
      v_row.counts := ves_int.rolled_counts(v_row.counts, v_row.last_slot, v_slot);
      v_row.last_slot := case when v_row.last_slot - v_slot between 0 and 60 then v_row.last_slot else v_slot end;
      v_rows[v_index] := v_row;
    end if;
    v_sum := 0;
    foreach v_count in array v_row.counts loop
      v_sum := v_sum + v_count;
    end loop;
    v_left[v_index] := greatest(0, limits[v_index] - v_sum)::integer;
    granted := least(granted, v_left[v_index]);
  end loop;

  foreach v_index in array v_order loop
    v_row := v_rows[v_index];
    v_left[v_index] := v_left[v_index] - granted;
    if granted > 0 then
      v_row.counts[1 + v_row.last_slot % 61] := v_row.counts[1 + v_row.last_slot % 61] + granted;
      update ves_store.rate_limits as r set last_slot = v_row.last_slot, counts = v_row.counts
      where r.bucket = v_row.bucket and r.key = v_row.key and r.window_seconds = v_row.window_seconds;
    end if;
    v_reset := ves_int.rate_limit_reset(v_row.counts, v_row.last_slot, limits[v_index], v_row.window_seconds, v_at);
    if scarcest is null or v_left[v_index] < remaining or (v_left[v_index] = remaining and v_reset > reset_seconds) then
      scarcest := v_index;
      remaining := v_left[v_index];
      reset_seconds := v_reset;
    end if;
    if buckets[v_index] = any(v_created) then
      perform ves_int.evict_rate_limits(buckets[v_index], max_entries[v_index], keys, v_at);
    end if;
  end loop;
  return next;
end
$$;

comment on function ves_int.take_budget(text[], text[], integer[], integer[], integer[], integer, timestamptz) is
'Takes up to wanted requests out of all the budgets together: what one refuses is counted in none. Never more than limit requests in any window: counts are kept for 61 slots of a 60th of the window, so a request is remembered for up to a 60th longer than the window. Answers what was granted and, of the scarcest budget, its place in the arrays, what is left, and in how many seconds there is more. at null: the clock, read under the locks.';
