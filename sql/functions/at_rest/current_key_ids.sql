-- Dynamic: in core mode there is no such function. The function of the same name in ves_int is PL/Python.
create or replace function ves.current_key_ids(tenant_ids uuid[])
returns bytea[]
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_key_ids bytea[];
begin
  perform ves_int.require_fields(jsonb_build_object('tenantIds', tenant_ids));
  if array_position(tenant_ids, null) is not null then
    perform ves_int.raise_error('invalid_field', '{"field": "tenant_ids"}');
  end if;
  if (select s.mode from ves_store.schema_state as s) = 'full' then
    execute 'select ves_int.current_key_ids($1)' into v_key_ids using current_key_ids.tenant_ids;
  end if;
  return v_key_ids;
exception
  when sqlstate 'VE510' or sqlstate 'VE511' then
    return null;
end
$$;

comment on function ves.current_key_ids(uuid[]) is
'Ids (VES 16; 8 bytes, they reveal nothing of a key) of the keys under which the database server encrypts payloads of these tenants; null when it has no key ring, or in core mode. Errors: VE008, VE007 for a null among the tenants. The API compares them with its own ring at start.';
