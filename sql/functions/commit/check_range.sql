create or replace function ves_int.check_range(
  sequence_start bigint, sequence_end bigint, committed_to bigint, head bigint
)
returns void
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_max_leaves constant bigint := 1048576::bigint;
begin
  -- As in the original, the first commitment of a stream may start anywhere.
  if sequence_start <> committed_to + 1 then
    perform ves_int.raise_error('range_must_follow', jsonb_build_object('expected_start', committed_to + 1));
  end if;
  if sequence_end > head or sequence_start < 1 then
    perform ves_int.raise_error('range_has_no_events', jsonb_build_object('head_sequence', head));
  end if;
  if sequence_end - sequence_start >= v_max_leaves then
    perform ves_int.raise_error('range_too_large', jsonb_build_object('limit', v_max_leaves));
  end if;
end
$$;

comment on function ves_int.check_range(bigint, bigint, bigint, bigint) is
'Refuses a range that cannot be the next commitment of a stream whose commitments end at committed_to (null: it has none) and whose last event is head. Errors: VE603, VE604, VE608.';
