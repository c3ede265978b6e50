create or replace function ves.list_engine_differences()
returns table (kind text, identity text, state text)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select d.kind, d.identity, d.state from ves_record.list_differences() as d;
$$;

comment on function ves.list_engine_differences() is
'What differs from what the last installation left in the engine''s schemas: objects, grants, members of ves_owner and role settings that are unexpected, changed or missing. ''grants'' of ''database'' are not copied by create database with a template. After an upgrade to another major version of PostgreSQL, whose definitions read differently, run `ves engine install`.';
