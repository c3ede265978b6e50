-- The white space of Unicode, which is what the original and ves.codec.trim take away.
create or replace function ves_int.trimmed(value text)
returns text
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select btrim(value, string_agg(chr(c), ''))
  from unnest(array[
    9, 10, 11, 12, 13, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202, 8232,
    8233, 8239, 8287, 12288
  ]) as c;
$$;

comment on function ves_int.trimmed(text) is
'The text without white space at its ends (Unicode White_Space), as names in requests are read (VES 12, 13).';
