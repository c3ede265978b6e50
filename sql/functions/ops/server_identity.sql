create or replace function ves.server_identity()
returns text
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select format('%s/%s', c.system_identifier, d.oid)
  from pg_catalog.pg_control_system() as c
  join pg_catalog.pg_database as d on d.datname = pg_catalog.current_database();
$$;

comment on function ves.server_identity() is
'The server''s system identifier and this database''s oid: equal on a primary and its streaming replicas, different on every other server or database. The API asks it before it believes a replica.';
