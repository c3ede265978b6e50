create or replace function ves.list_limits()
returns table (name text, max_rows bigint, max_age interval)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select l.name, l.max_rows, l.max_age from ves_store.limits as l order by l.name;
$$;

comment on function ves.list_limits() is
'Bounds of what callers make grow: rows of a kind for each tenant (or agent, as the name says) and the age at which they are deleted; null: no bound. Changed by ves.set_limit.';
