-- The row stays locked until the end of the transaction: a claim of the lease waits for it, so a write that
-- passed here is committed before the next holder begins.
-- Locks (sql/README.md): the row of the lease, before all others.
create or replace function ves_int.require_lease(name text, token bigint)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform 1 from ves_store.leases as l
  where l.name = require_lease.name and l.token = require_lease.token and l.expires_at > clock_timestamp()
  for share;
  if not found then
    perform ves_int.raise_error('lease_lost', jsonb_build_object('name', name, 'token', token));
  end if;
end
$$;

comment on function ves_int.require_lease(text, bigint) is
'Fencing: raises VE406 unless the lease is held with this token; a claim by another waits for the end of the transaction.';
