create or replace function ves_int.cursors_lock_key(tenant_id uuid)
returns bigint
language plpgsql
immutable
strict
set search_path to pg_catalog, pg_temp
as $$
begin
  return ('ves_store.cursor_keys'::regclass::oid::bigint << 32) | (hashtext(tenant_id::text) & 1023);
end
$$;

comment on function ves_int.cursors_lock_key(uuid) is
'Advisory lock key of who makes cursors of a tenant: one of 1,024, so that a transaction with many tenants does not fill the table of locks.';
