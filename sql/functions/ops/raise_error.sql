-- The one way to refuse: a code that is not in the registry cannot be raised.
create or replace function ves_int.raise_error(
  name text, detail jsonb default '{}', message text default null
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_error ves_store.errors;
begin
  select e.* into strict v_error from ves_store.errors as e where e.name = raise_error.name;
  raise exception using
    errcode = v_error.code,
    message = coalesce(raise_error.message, v_error.message),
    detail = raise_error.detail::text;
end
$$;

comment on function ves_int.raise_error(text, jsonb, text) is
'Raises the registered error of that name: SQLSTATE of class VE, JSON detail. An unregistered name fails with P0002.';
