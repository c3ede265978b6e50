create or replace function ves_int.scan_start(scan text)
returns text
language sql
volatile
set search_path to pg_catalog, pg_temp
as $$
  select k.entry ->> 'start'
  from (select nullif(current_setting('ves.scan_starts', true), '')::jsonb -> scan) as k (entry)
  where (k.entry ->> 'until')::timestamptz > clock_timestamp();
$$;

comment on function ves_int.scan_start(text) is
'Where this session begins its scan of an index of work, null: at the first entry (ves_int.keep_scan_start).';
