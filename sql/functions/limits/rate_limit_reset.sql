create or replace function ves_int.rate_limit_reset(
  counts integer[], last_slot bigint, budget integer, window_seconds integer, at timestamptz
)
returns integer
language plpgsql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_total bigint := 0::bigint;
  v_gone bigint := 0::bigint;
  v_count integer;
begin
  foreach v_count in array rate_limit_reset.counts loop
    v_total := v_total + v_count;
  end loop;
  for v_step in 0 .. 60 loop
    v_gone := v_gone + rate_limit_reset.counts[1 + (rate_limit_reset.last_slot - 60 + v_step) % 61];
    if v_gone > 0 and v_total - v_gone < least(v_total, rate_limit_reset.budget) then
      return greatest(1, ceil(
        (rate_limit_reset.last_slot + 1 + v_step) * rate_limit_reset.window_seconds / 60.0
        - extract(epoch from rate_limit_reset.at)
      ))::integer;
    end if;
  end loop;
  return 0;
end
$$;

comment on function ves_int.rate_limit_reset(integer[], bigint, integer, integer, timestamptz) is
'Whole seconds, at least 1, until more requests fit than now: until enough of the oldest counts left the window; 0 when none is counted.';
