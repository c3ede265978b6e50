create or replace function ves_int.authorization_end(valid_before numeric)
returns timestamptz
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select to_timestamp(least(valid_before, 253402300799)::bigint);
$$;

comment on function ves_int.authorization_end(numeric) is
'The time from which an EIP-3009 authorization cannot be used; the end of the year 9999 for a later one.';
