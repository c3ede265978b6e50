create or replace function ves_int.check_api_key_grants(store_ids uuid[], rate_limit integer)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if check_api_key_grants.rate_limit <= 0 then
    perform ves_int.raise_error('invalid_field', '{"field": "rateLimit"}');
  end if;
  if array_position(check_api_key_grants.store_ids, null) is not null then
    perform ves_int.raise_error('invalid_field', '{"field": "storeIds"}');
  end if;
end
$$;

comment on function ves_int.check_api_key_grants(uuid[], integer) is
'Refuses (VE007) stores or a rate limit that no API key can have.';
