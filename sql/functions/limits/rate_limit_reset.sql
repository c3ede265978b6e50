create or replace function ves_int.rate_limit_reset(
  counts integer[], last_slot bigint, "limit" integer, window_seconds integer, at timestamptz
)
returns integer
language sql
immutable
strict
parallel safe
set search_path to ''
as $$
  with aged as (
    select s.slot, sum(rate_limit_reset.counts[1 + s.slot % 61]) over (order by s.slot) as gone, t.total
    from generate_series(rate_limit_reset.last_slot - 60, rate_limit_reset.last_slot) as s (slot),
      (select sum(c.n) as total from unnest(rate_limit_reset.counts) as c (n)) as t
  )
  select coalesce(greatest(1, ceil(
    min((a.slot + 61) * rate_limit_reset.window_seconds / 60.0) - extract(epoch from rate_limit_reset.at)
  )), 0)::integer
  from aged as a
  where a.gone > 0 and a.total - a.gone < least(a.total, rate_limit_reset."limit");
$$;

comment on function ves_int.rate_limit_reset(integer[], bigint, integer, integer, timestamptz) is
'Whole seconds, at least 1, until more requests fit than now: until enough of the oldest counts left the window; 0 when none is counted.';
