create or replace function ves_int.timestamp_text(instant timestamptz)
returns text
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || case
      when extract(microseconds from instant)::bigint % 1000000 = 0 then ''
      when extract(microseconds from instant)::bigint % 1000 = 0 then to_char(instant at time zone 'UTC', '.MS')
      else to_char(instant at time zone 'UTC', '.US')
    end
    || '+00:00';
$$;

comment on function ves_int.timestamp_text(timestamptz) is 'RFC 3339 in UTC with offset +00:00; fraction of 0, 3 or 6 digits.';
