create or replace function ves.renew_lease(name text, token bigint, seconds double precision default 30)
returns timestamptz
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_until timestamptz := clock_timestamp() + greatest(least(seconds, 86400), 0) * interval '1 second';
begin
  -- an expired lease that no other session claimed still belongs to its holder
  update ves_store.leases as l
  set renewed_at = clock_timestamp(), expires_at = v_until
  where l.name = renew_lease.name and l.token = renew_lease.token and l.expires_at is not null;
  if not found then
    perform ves_int.raise_error('lease_lost', jsonb_build_object('name', name, 'token', token));
  end if;
  return v_until;
end
$$;

comment on function ves.renew_lease(text, bigint, double precision) is
'Heartbeat: extends a lease to so many seconds from now; when it ends. Errors: VE406 it was claimed by another, or given back.';
