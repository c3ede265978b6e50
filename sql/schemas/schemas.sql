-- Forgetting a grant must close a door, never open one: nothing is executable by PUBLIC.
create schema if not exists ves authorization ves_owner;
create schema if not exists ves_store authorization ves_owner;
create schema if not exists ves_int authorization ves_owner;
create schema if not exists rest authorization ves_owner;

comment on schema ves is 'Public face: the functions and views that edges, operators and auditors use.';
comment on schema ves_store is 'Tables and types. Only the owner reaches them.';
comment on schema ves_int is 'Private functions and PL/Python wrappers.';
comment on schema rest is 'Read-only views served by PostgREST.';

do $$
declare
  v_revocation text;
begin
  for v_revocation in
    select format(
      'alter default privileges for role %s %s revoke all on %s from %s',
      a.defaclrole::regrole, 'in schema ' || nullif(a.defaclnamespace, 0)::regnamespace,
      case a.defaclobjtype
        when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' else 'schemas'
      end,
      case g.grantee when 0 then 'public' else g.grantee::regrole::text end
    )
    from pg_catalog.pg_default_acl as a cross join aclexplode(a.defaclacl) as g
    where g.grantee <> a.defaclrole
      and (a.defaclrole = 'ves_owner'::regrole or a.defaclnamespace = any('{ves,ves_store,ves_int,rest}'::regnamespace[]))
  loop
    execute v_revocation;
  end loop;
end
$$;

alter default privileges for role ves_owner revoke execute on functions from public;
alter default privileges for role ves_owner revoke usage on types from public;
alter default privileges revoke execute on functions from public;
revoke create on schema public from public;

-- Rights are given by name. Only the owner makes temporary and large objects and takes advisory locks: a
-- temporary object is a name that a session chooses, large objects, exported snapshots (a file each) and
-- messages in the WAL are space without a limit, and the key of a stream's advisory lock is computed from its
-- ids. What else was given by hand outside the engine's schemas is taken away (ves_record.list_outer_grants).
do $$
declare
  v_revocation text;
  v_function regprocedure;
begin
  for v_revocation in
    select format('revoke %s on %s from %s cascade', o.privilege, o.target, o.role)
    from ves_record.list_outer_grants() as o
    -- the owner's rights on the queues are given with them
    where not o.is_initial and not (o.role = 'ves_owner' and o.identity ~ '^pgmq')
  loop
    execute v_revocation;
  end loop;
  execute format('revoke all on database %I from public', current_database());
  execute format('grant temporary on database %I to ves_owner', current_database());
  execute format(
    'grant connect on database %I to ves_api, ves_worker, ves_service, ves_reader, ves_admin, ves_authenticator',
    current_database()
  );
  for v_function in
    select p.oid from pg_catalog.pg_proc as p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and p.proname ~ '^(lo_|loread$|lowrite$|pg_(try_)?advisory_|pg_export_snapshot$|pg_logical_emit_message$)'
  loop
    execute format('revoke execute on function %s from public', v_function);
    execute format('grant execute on function %s to ves_owner', v_function);
  end loop;
end
$$;
