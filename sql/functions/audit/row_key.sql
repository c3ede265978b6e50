create or replace function ves_int.row_key(table_name text, stored_row json)
returns text
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  select json_agg(stored_row -> a.attname::text order by k.place)::text
  from pg_class as c
  join pg_index as i on i.indrelid = c.oid and i.indisprimary
  cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
  join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.attnum
  where c.relnamespace = 'ves_store'::regnamespace and c.relname = row_key.table_name;
$$;

comment on function ves_int.row_key(text, json) is
'Primary key of a row of ves_store, given as to_json prints it: a JSON array of its values.';
