create or replace function ves_int.unsigned(bits bigint)
returns numeric
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case when bits < 0 then bits + 18446744073709551616 else bits end;
$$;

comment on function ves_int.unsigned(bigint) is 'The unsigned 64-bit number that has these bits.';
