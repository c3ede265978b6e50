-- While another session holds an old snapshot, entries of finished work stay in the index in front of the
-- first live one. A scan takes some 0.2 microseconds for each: 2 % of the time for which the start is kept.
-- What becomes visible in front of it meanwhile (committed out of order) waits for the next scan of all.
-- Where few entries are in the way, each scan is one of all, so nothing waits.
-- Kept in the session, because an updated row would grow dead versions itself. Locks nothing.
create or replace function ves_int.keep_scan_start(scan text, start text, passed bigint)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
begin
  if passed >= 5000 then
    perform set_config('ves.scan_starts', (
      coalesce(nullif(current_setting('ves.scan_starts', true), '')::jsonb, '{}') || jsonb_build_object(
        scan, jsonb_build_object(
          'start', start, 'until', clock_timestamp() + least(passed, 1000000) * interval '10 microseconds'))
    )::text, false);
  end if;
end
$$;

comment on function ves_int.keep_scan_start(text, text, bigint) is
'Lets this session begin a scan at start for 10 microseconds for each index entry that was passed to find it (pg_stat_get_xact_tuples_returned before and after), at most 10 seconds; below 5,000 not at all.';
