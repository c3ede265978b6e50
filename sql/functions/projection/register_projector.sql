-- Locks (sql/README.md): none but of new rows, then 7.
create or replace function ves.register_projector(
  tenant_id uuid, store_id uuid, name text, function text, context jsonb default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_schema constant text := split_part(register_projector.function, '.', 1);
  v_field text;
  v_done_to bigint;
begin
  perform ves_int.require_fields(jsonb_build_object(
    'tenantId', tenant_id, 'storeId', store_id, 'name', name, 'function', function));
  v_field := case
    when register_projector.name !~ '^[a-z][a-z0-9_]{0,47}$' then 'name'
    -- a name is looked up as it is written; what it may do is decided when it is called
    when not exists (
      select from pg_catalog.pg_proc as p
      join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
      where n.nspname = v_schema and p.proname = split_part(register_projector.function, '.', 2)
        and p.prokind = 'f' and p.proargtypes = array['json'::regtype::oid]::oidvector
        and p.prosecdef and not n.nspname ~ '^(ves|pg_|rest$|information_schema$)'
        and has_function_privilege('ves_projector', p.oid, 'execute')
        and not (select r.rolsuper or r.rolname ~ '^ves_' from pg_catalog.pg_roles as r where r.oid = p.proowner)
    ) then 'function'
  end;
  if v_field is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_field));
  end if;
  insert into ves_store.tenant_projectors (tenant_id, store_id, name, function)
  values (
    register_projector.tenant_id, register_projector.store_id, register_projector.name,
    register_projector.function)
  on conflict (tenant_id, store_id, name) do update set function = excluded.function;
  v_done_to := ves.open_cursor(
    register_projector.tenant_id, register_projector.store_id, 'projector/' || register_projector.name, 0);
  perform ves_int.audit(
    'custom:projector_registered', register_projector.tenant_id, 'projector', register_projector.name,
    jsonb_build_object('store_id', register_projector.store_id, 'function', register_projector.function),
    register_projector.context);
  return v_done_to;
end
$$;

comment on function ves.register_projector(uuid, uuid, text, text, jsonb) is
'Lets a function project the VES events of a store into tables of its own (docs/projections.md): schema.name of f(events json) returns void, SECURITY DEFINER, of a role that is neither superuser nor one of ours, executable by role ves_projector. Registering again replaces the function; where it goes on (0: from the first event). Audited. Errors: VE007, VE008.';
