-- A json column may hold an escaped U+0000, which PostgreSQL stores but cannot read; such rows are noted too.
create or replace function ves_int.row_content(stored_row json)
returns json
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select replace(stored_row::text, chr(92) || 'u0000', chr(92) || 'u0001')::json;
$$;

comment on function ves_int.row_content(json) is
'to_json of a row in a form that json functions can read: an escaped U+0000 in it becomes U+0001.';
