create or replace function ves.take_rate_limit(
  buckets text[], keys text[], limits integer[], windows integer[], max_entries integer[], wanted integer default 1
)
returns table (granted integer, scarcest integer, remaining integer, reset_seconds integer)
language plpgsql
volatile
security definer
set search_path to ''
as $$
declare
  v_count constant integer := cardinality(take_rate_limit.buckets);
begin
  if v_count is distinct from cardinality(take_rate_limit.keys) or v_count is distinct from cardinality(take_rate_limit.limits)
    or v_count is distinct from cardinality(take_rate_limit.windows)
    or v_count is distinct from cardinality(take_rate_limit.max_entries) or v_count is null
    or (select count(distinct (g.bucket, g.key, g.window_seconds)) <> v_count or v_count not between 1 and 4
          or not bool_and(coalesce(
            g.bucket in ('tenant', 'credential', 'registration') and octet_length(g.key) between 1 and 200
            and g.lim > 0 and g.window_seconds between 1 and 86400 and g.most > 0, false))
        from unnest(
          take_rate_limit.buckets, take_rate_limit.keys, take_rate_limit.limits, take_rate_limit.windows, take_rate_limit.max_entries
        ) as g (bucket, key, lim, window_seconds, most))
  then
    perform ves_int.raise_error('invalid_field', '{"field": "buckets"}');
  end if;
  if coalesce(take_rate_limit.wanted not between 1 and 1000000, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "wanted"}');
  end if;
  return query
  select t.* from ves_int.take_budget(
    array(select unnest(take_rate_limit.buckets)), array(select unnest(take_rate_limit.keys)),
    array(select unnest(take_rate_limit.limits)), array(select unnest(take_rate_limit.windows)),
    array(select unnest(take_rate_limit.max_entries)), take_rate_limit.wanted
  ) as t;
end
$$;

comment on function ves.take_rate_limit(text[], text[], integer[], integer[], integer[], integer) is
'Takes up to wanted requests out of one to four budgets together (bucket tenant, credential or registration; key up to 200 bytes; requests in any window of up to 86,400 seconds; entries that the bucket may have). A true sliding window, shared by everybody who asks this database; see ves_int.take_budget. Errors: VE007.';
