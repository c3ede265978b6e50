create or replace function ves.list_migrations()
returns table (
  name text, checksum bytea, breaking_level integer, seconds double precision, applied_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select m.name, m.checksum, m.breaking_level, extract(epoch from m.duration)::double precision, m.applied_at
  from ves_store.migrations as m
  order by m.name;
$$;

comment on function ves.list_migrations() is
'The migrations that ran in this database, in their order: name, SHA-256, breaking level, duration in seconds, instant. An edge whose release knows a lower breaking level than the highest one here must not start.';
