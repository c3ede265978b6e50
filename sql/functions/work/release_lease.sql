create or replace function ves.release_lease(name text, token bigint)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  update ves_store.leases as l
  set holder = null, expires_at = null
  where l.name = release_lease.name and l.token = release_lease.token and l.expires_at is not null;
  return found;
end
$$;

comment on function ves.release_lease(text, bigint) is
'Gives a lease back before it expires; whether it was held with this token.';
