create or replace function ves_int.read_unsigned(digits text)
returns bigint
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case
    when digits !~ '^[0-9]{1,20}$' or digits::numeric > 18446744073709551615 then null
    when digits::numeric > 9223372036854775807 then digits::numeric - 18446744073709551616
    else digits::numeric
  end::bigint;
$$;

comment on function ves_int.read_unsigned(text) is 'The signed number with the bits of the unsigned 64-bit one that the digits spell; null for any other text.';
