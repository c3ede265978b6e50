-- By the clock: each message may be of another stream, and move a cursor for each of a tenant's 100
-- subscriptions, which takes ten milliseconds; most move one in a few microseconds.
-- Locks (sql/README.md): 4, skipping locked messages, then rows of cursors.
create or replace function ves_int.take_wake_ups(
  max_messages integer default 10000, of_tenant uuid default null, most_time interval default '1 second'
)
returns integer
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
declare
  v_part constant integer := 500;
  v_until constant timestamptz := clock_timestamp() + most_time;
  v_taken integer;
  v_all integer := 0;
begin
  loop
    v_taken := ves_int.take_some_wake_ups(least(max_messages - v_all, v_part), of_tenant);
    v_all := v_all + v_taken;
    exit when v_taken < v_part or v_all >= max_messages or clock_timestamp() > v_until;
  end loop;
  return v_all;
end
$$;

comment on function ves_int.take_wake_ups(integer, uuid, interval) is
'Moves messages of the queue ves_commit into cursors as ves_int.take_some_wake_ups does, until max_messages were moved, none is left or most_time is over; how many.';
