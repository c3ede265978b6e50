create or replace function ves_int.require_crypto()
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if (select s.mode from ves_store.schema_state as s) <> 'full' then
    perform ves_int.raise_error('crypto_unavailable');
  end if;
end
$$;

comment on function ves_int.require_crypto() is 'Raises VE204 in core mode, where PL/Python is absent.';
