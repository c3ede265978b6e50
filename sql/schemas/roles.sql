-- Roles are cluster-wide and may exist already. Passwords are set at deployment, never here. What else a
-- superuser gave a role by hand is taken away, so that it has what the grants give it and no more.
do $$
declare
  v_role record;
  v_revocation text;
begin
  for v_role in
    select n.name, k.is_login
    from (values
      ('{ves_api,ves_worker,ves_service,ves_reader,ves_admin,ves_authenticator}'::text[], true),
      ('{ves_owner,ves_anon,ves_tenant,ves_projector}', false)
    ) as k (names, is_login)
    cross join unnest(k.names) as n (name)
  loop
    if not exists (select from pg_catalog.pg_roles as r where r.rolname = v_role.name) then
      execute format('create role %I', v_role.name);
    end if;
    -- not if it is so: installations in two databases at once would meet at its row
    if exists (
      select from pg_catalog.pg_roles as r
      where r.rolname = v_role.name and (
        r.rolcanlogin <> v_role.is_login or r.rolinherit = v_role.is_login or r.rolsuper or r.rolcreaterole
        or r.rolcreatedb or r.rolreplication or r.rolbypassrls
      )
    ) then
      execute format(
        'alter role %I %s nosuperuser nocreaterole nocreatedb noreplication nobypassrls', v_role.name,
        case when v_role.is_login then 'login noinherit' else 'nologin inherit' end);
    end if;
    for v_revocation in
      select format('revoke %s from %s', m.roleid::regrole, m.member::regrole)
      from pg_catalog.pg_auth_members as m
      where m.member = v_role.name::regrole
        and format('%s %s', m.roleid::regrole, m.member::regrole) <> all(
          '{ves_projector ves_owner,ves_anon ves_authenticator,ves_tenant ves_authenticator}'::text[]
        )
    loop
      execute v_revocation;
    end loop;
  end loop;
end
$$;

-- ves_owner replaces the function that ves_projector owns.
grant ves_projector to ves_owner;

-- A role may always change its own settings: those of an earlier day are taken away before ours are given.
do $$
declare
  v_role name;
  v_database name;
begin
  for v_role, v_database in
    select r.rolname, d.datname
    from pg_catalog.pg_db_role_setting as s
    join pg_catalog.pg_roles as r on r.oid = s.setrole
    left join pg_catalog.pg_database as d on d.oid = s.setdatabase
    where r.rolname ^@ 'ves_' and (d.datname is null or d.datname = current_database())
  loop
    execute format('alter role %I %s reset all', v_role, 'in database ' || quote_ident(v_database));
  end loop;
end
$$;

-- PostgREST logs in with no rights of its own and becomes one of these for each request. It takes the
-- settings of the role that it becomes with them.
grant ves_anon to ves_authenticator;
grant ves_tenant to ves_authenticator;
alter role ves_tenant set default_transaction_read_only to on;

-- What a statement may spill to the disk that all share. Unlike the timeouts, no role can lift it for itself.
alter role ves_api set temp_file_limit to '1GB';
alter role ves_worker set temp_file_limit to '1GB';
alter role ves_service set temp_file_limit to '1GB';
alter role ves_reader set temp_file_limit to '1GB';
alter role ves_authenticator set temp_file_limit to '1GB';

-- Timeouts of a session that asks for no others, and the role's part of the connections. An eighth of them is
-- left to ves_admin, which has no limit, and to the superuser. No plan is compiled: the planner expects 1,000
-- rows of a function, a million of two that are joined, and compiling took 10 ms where there was one row.
do $$
declare
  v_login record;
begin
  for v_login in
    select * from (values
      ('ves_api', 0.45, '30s', '10s', '60s'),
      ('ves_worker', 0.2, '30s', '2s', '30s'),
      ('ves_service', 0.07, '30s', '5s', '10s'),
      ('ves_reader', 0.07, '10min', '2s', '60s'),
      ('ves_authenticator', 0.1, '5s', '2s', '10s'),
      ('ves_tenant', null, '5s', '2s', '10s'),
      ('ves_admin', null, '0', '10s', '10min')
    ) as l (role, share, statement, wait, idle)
  loop
    execute format('alter role %I set jit to off', v_login.role);
    execute format('alter role %I set statement_timeout to %L', v_login.role, v_login.statement);
    execute format('alter role %I set lock_timeout to %L', v_login.role, v_login.wait);
    execute format('alter role %I set idle_in_transaction_session_timeout to %L', v_login.role, v_login.idle);
    execute format(
      'alter role %I connection limit %s', v_login.role,
      coalesce(ceil(current_setting('max_connections')::integer * v_login.share), -1)
    );
  end loop;
end
$$;

comment on role ves_owner is 'Owns every object of the sequencer; nobody logs in as it.';
comment on role ves_api is 'REST and gRPC processes: execute functions of schema ves, no table rights.';
comment on role ves_worker is 'Background workers: execute functions of schema ves, no table rights.';
comment on role ves_service is 'Trusted service beside the database: ingests only through the function that verifies signatures itself.';
comment on role ves_reader is 'Auditor: views, proofs and verify_stream.';
comment on role ves_admin is 'Operator: every administrative function.';
comment on role ves_projector is 'Calls projectors of agents (ves_int.call_projector) and has no other right.';
comment on role ves_anon is 'PostgREST: a request without a token; sees nothing.';
comment on role ves_tenant is 'PostgREST: a request with a token; reads the views of schema rest, each of which shows the rows of the tenant that the token names.';
comment on role ves_authenticator is 'PostgREST: the login that switches roles.';
