create or replace function ves.health()
returns table (engine_version text, mode text, server_version text, fsync boolean, synchronous_commit text)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select s.engine_version, s.mode, current_setting('server_version'), current_setting('fsync')::boolean,
    current_setting('synchronous_commit')
  from ves_store.schema_state as s;
$$;

comment on function ves.health() is 'Engine version and mode, server version, durability settings of this session.';
