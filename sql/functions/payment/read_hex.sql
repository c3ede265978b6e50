create or replace function ves_int.read_hex(digits text, length integer)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case
    when digits ~ '^(0x)?[0-9a-fA-F]*$' and char_length(regexp_replace(digits, '^0x', '')) = 2 * length
      then decode(regexp_replace(digits, '^0x', ''), 'hex')
  end;
$$;

comment on function ves_int.read_hex(text, integer) is 'The bytes that hex digits with or without 0x spell; null unless there are so many.';
