-- While another session holds an old snapshot, index entries of finished work stay in front of the first live
-- one, and a scan from the first entry passes all of them. It takes 0.5 % of the time: it is not repeated for
-- 200 times as long as it took. Scans in between begin at the kept start, which is moved when many entries
-- have died behind it. What becomes visible in front of it (committed out of order) waits for the next scan
-- of all; where few entries are in the way, each scan is one of all, so nothing waits.
-- Kept in the session, because an updated row would grow dead versions itself. Locks nothing.
create or replace function ves_int.keep_scan_start(scan text, start text, passed bigint, began timestamptz)
returns text
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
declare
  v_all jsonb;
  v_now timestamptz;
  v_until timestamptz;
begin
  if passed < 400 then
    return coalesce(ves_int.scan_start(scan), start);
  end if;
  v_all := coalesce(nullif(current_setting('ves.scan_starts', true), '')::jsonb, '{}');
  v_now := clock_timestamp();
  v_until := (v_all -> scan ->> 'until')::timestamptz;
  if v_until > v_now is not true then
    v_until := v_now + least(200 * (v_now - began), '10 seconds');
  end if;
  perform set_config('ves.scan_starts', (
    v_all || jsonb_build_object(scan, jsonb_build_object('start', start, 'until', v_until)))::text, false);
  return start;
end
$$;

comment on function ves_int.keep_scan_start(text, text, bigint, timestamptz) is
'Where this session scans from, after a look for the first live entry that began at an instant and passed so many entries (pg_stat_get_xact_tuples_returned before and after). From 400 entries on that is start, which is kept: for 200 times as long as a look from the first entry took, at most 10 seconds. Below, what was kept before, else start.';
