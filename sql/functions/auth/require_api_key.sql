create or replace function ves.require_api_key()
returns void
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  if not exists (select from ves_store.api_keys as k where k.active) then
    perform ves_int.raise_error('no_credentials');
  end if;
end
$$;

comment on function ves.require_api_key() is
'Refuses (VE908) while no active API key exists: a server that demands authentication and knows no other credential would serve nobody (operations 2.3).';
