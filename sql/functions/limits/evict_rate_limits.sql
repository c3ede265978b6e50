-- A count passes every entry of the bucket. For a large bucket some 100 are made while it takes as many new
-- entries as it may have: a new entry costs the same at any number.
-- Locks (sql/README.md): rows of rate_limits, skipping locked ones.
create or replace function ves_int.evict_rate_limits(
  bucket text, max_entries integer, keep text[], at timestamptz
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_excess bigint;
begin
  if random() * max_entries > 100 then
    return;
  end if;
  select count(*) - evict_rate_limits.max_entries into v_excess
  from ves_store.rate_limits as r where r.bucket = evict_rate_limits.bucket;
  if v_excess <= 0 then
    return;
  end if;
  -- Skips locked rows: waiting here, with locks held, could deadlock.
  delete from ves_store.rate_limits as o
  where o.ctid = any (array(
    select r.ctid from ves_store.rate_limits as r
    where r.bucket = evict_rate_limits.bucket and r.key <> all (evict_rate_limits.keep)
    order by ((r.last_slot + 61) * r.window_seconds / 60 > extract(epoch from evict_rate_limits.at)),
      r.last_slot * r.window_seconds
    limit v_excess + evict_rate_limits.max_entries / 10
    for update skip locked
  ));
end
$$;

comment on function ves_int.evict_rate_limits(text, integer, text[], timestamptz) is
'When a bucket has more entries than it may, deletes the excess and a tenth more: entries whose window has passed first, then those asked for longest ago. A bucket that may have more than 100 is not counted each time and has a few hundredths more at times.';
