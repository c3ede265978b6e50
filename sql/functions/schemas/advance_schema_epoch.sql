-- Also the lock of a tenant's registry: held until commit, so versions are counted one after the other.
create or replace function ves_int.advance_schema_epoch(tenant_id uuid)
returns bigint
language sql
volatile
set search_path to pg_catalog, pg_temp
as $$
  insert into ves_store.schema_epochs as s (tenant_id) values (advance_schema_epoch.tenant_id)
  on conflict (tenant_id) do update set epoch = s.epoch + 1
  returning s.epoch;
$$;

comment on function ves_int.advance_schema_epoch(uuid) is
'Makes what every process has cached of a tenant''s schemas stale at commit, and locks the tenant''s registry until then.';
