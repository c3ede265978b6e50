create or replace function ves_int.rate_limit_slot(at timestamptz, window_seconds integer)
returns bigint
language sql
immutable
strict
parallel safe
set search_path to ''
as $$
  select (extract(epoch from rate_limit_slot.at) * 1000000)::bigint * 60 / (rate_limit_slot.window_seconds * 1000000::bigint);
$$;

comment on function ves_int.rate_limit_slot(timestamptz, integer) is 'Number of the slot, a 60th of the window, that an instant lies in.';
