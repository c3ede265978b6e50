create or replace function ves.version()
returns text
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.engine_version from ves_store.schema_state as s;
$$;

comment on function ves.version() is 'Installed version of the engine.';
