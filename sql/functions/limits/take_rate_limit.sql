create or replace function ves.take_rate_limit(
  buckets text[], keys text[], limits integer[], windows integer[], max_entries integer[],
  wanted integer default 1
)
returns table (granted integer, scarcest integer, remaining integer, reset_seconds integer)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_dimensions constant text := array_dims(take_rate_limit.buckets);
  v_place text;
  v_places text[] := array[]::text[];
begin
  if coalesce(
    v_dimensions not in ('[1:1]', '[1:2]', '[1:3]', '[1:4]') or array_dims(take_rate_limit.keys) <> v_dimensions
    or array_dims(take_rate_limit.limits) <> v_dimensions or array_dims(take_rate_limit.windows) <> v_dimensions
    or array_dims(take_rate_limit.max_entries) <> v_dimensions, true
  ) then
    perform ves_int.raise_error('invalid_field', '{"field": "buckets"}');
  end if;
  for v_index in 1 .. cardinality(take_rate_limit.buckets) loop
    v_place := take_rate_limit.buckets[v_index] || ':' || take_rate_limit.windows[v_index] || ':' || take_rate_limit.keys[v_index];
    if not coalesce(
      take_rate_limit.buckets[v_index] in ('tenant', 'credential', 'registration')
      and octet_length(take_rate_limit.keys[v_index]) between 1 and 200 and take_rate_limit.limits[v_index] > 0
      and take_rate_limit.windows[v_index] between 1 and 86400 and take_rate_limit.max_entries[v_index] > 0
      and v_place <> all (v_places), false
    ) then
      perform ves_int.raise_error('invalid_field', '{"field": "buckets"}');
    end if;
    v_places := v_places || v_place;
  end loop;
  if coalesce(take_rate_limit.wanted not between 1 and 1000000, true) then
    perform ves_int.raise_error('invalid_field', '{"field": "wanted"}');
  end if;
  return query
  select t.* from ves_int.take_budget(
    take_rate_limit.buckets, take_rate_limit.keys, take_rate_limit.limits, take_rate_limit.windows,
    take_rate_limit.max_entries, take_rate_limit.wanted
  ) as t;
end
$$;

comment on function ves.take_rate_limit(text[], text[], integer[], integer[], integer[], integer) is
'Takes up to wanted requests out of one to four budgets together (bucket tenant, credential or registration; key up to 200 bytes; requests in any window of up to 86,400 seconds; entries that the bucket may have). A true sliding window, shared by everybody who asks this database; see ves_int.take_budget. Errors: VE007.';
