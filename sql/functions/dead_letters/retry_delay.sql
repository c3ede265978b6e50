create or replace function ves_int.retry_delay(attempt integer)
returns interval
language sql
volatile
set search_path to pg_catalog, pg_temp
as $$
  select greatest(
    least(60 * 2.0 ^ least(greatest(attempt, 0), 6), 3600) * (0.75 + random() / 2), 1
  ) * interval '1 second';
$$;

comment on function ves_int.retry_delay(integer) is
'Delay before a retry (operations 7): 60 s doubled for each attempt, at most an hour, plus or minus up to a quarter.';
