create or replace function ves_int.rolled_counts(counts integer[], last_slot bigint, slot bigint)
returns integer[]
language plpgsql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_counts integer[] := rolled_counts.counts;
begin
  if slot - last_slot > 60 or last_slot - slot > 60 then
    return array_fill(0, array[61]);
  end if;
  for v_step in 1 .. (slot - last_slot)::integer loop
    v_counts[1 + (last_slot + v_step) % 61] := 0;
  end loop;
  return v_counts;
end
$$;

comment on function ves_int.rolled_counts(integer[], bigint, bigint) is
'The counts once the window has moved on to a slot: slots that left it are empty. A clock that jumped back by more than a window starts anew; by less, time stands still until it has caught up.';
