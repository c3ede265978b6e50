-- The record of what the installer made. Only the superuser writes it: ves_owner can change its own objects,
-- not the record, so the next installation finds what was planted with the owner's rights.
create schema if not exists ves_record;
revoke all on schema ves_record from public;
grant usage on schema ves_record to ves_owner;

create table if not exists ves_record.objects (
  kind text not null,
  identity text not null,
  digest text not null,
  constraint objects_pkey primary key (kind, identity)
);

comment on schema ves_record is 'What the last installation made; owned by the superuser who installed.';
comment on table ves_record.objects is 'One row for each object and each list of grants that the last installation left.';
comment on column ves_record.objects.kind is 'Kind as pg_identify_object names it, or grants, default privileges, role, membership, member of ves_owner, setting.';
comment on column ves_record.objects.identity is 'Identity as pg_identify_object names it.';
comment on column ves_record.objects.digest is 'MD5 of the definition: two definitions are compared, nothing is authenticated with it.';

-- Functions, because a server that was updated may run this where no view may be read.
create or replace function ves_record.list_schemas()
returns table (oid oid)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select n.oid from pg_namespace as n where n.nspname in ('ves', 'ves_store', 'ves_int', 'rest')
$$;

comment on function ves_record.list_schemas() is 'Schemas of the engine: what is in them is recorded and compared.';

create or replace function ves_record.list_relations()
returns setof pg_class
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select c.* from pg_class as c where c.relnamespace in (select o.oid from ves_record.list_schemas() as o)
$$;

comment on function ves_record.list_relations() is
'Tables, views, indexes, sequences and composite types of the engine.';

-- Expressions are compared in the pretty form: it leaves out the parentheses of equal operators, which a dump
-- and a restore change: (a and b) and (c and d) comes back flatter.
create or replace function ves_record.list_relation_parts()
returns table (classid oid, objid oid, subid integer, definition text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select
    'pg_class'::regclass, r.oid, 0,
    case r.relkind when 'v' then pg_get_viewdef(r.oid, true) || coalesce(r.reloptions::text, '')
      else format('%s %s %s', r.relkind, r.relrowsecurity, r.relforcerowsecurity) end
  from ves_record.list_relations() as r where r.relkind not in ('i', 'I', 'c')
  union all
  select 'pg_class'::regclass, i.indexrelid, 0, pg_get_indexdef(i.indexrelid, 0, true) || i.indisvalid::text
  from pg_index as i join ves_record.list_relations() as r on r.oid = i.indrelid
  where not exists (
    select from pg_constraint as c where c.conindid = i.indexrelid and c.contype in ('p', 'u', 'x')
  )
  union all
  select
    'pg_class'::regclass, a.attrelid, a.attnum,
    format('%s %s', format_type(a.atttypid, a.atttypmod), a.attnotnull)
  from pg_attribute as a join ves_record.list_relations() as r on r.oid = a.attrelid
  where r.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  union all
  select 'pg_attrdef'::regclass, d.oid, 0, pg_get_expr(d.adbin, d.adrelid, true)
  from pg_attrdef as d join ves_record.list_relations() as r on r.oid = d.adrelid
  union all
  select 'pg_constraint'::regclass, c.oid, 0, format('%s %s', pg_get_constraintdef(c.oid, true), c.convalidated)
  from pg_constraint as c where c.connamespace in (select o.oid from ves_record.list_schemas() as o)
  union all
  select
    'pg_trigger'::regclass, t.oid, 0,
    -- ves.set_projection_mode switches this one
    format('%s %s', pg_get_triggerdef(t.oid, true), case when t.tgname <> 't70_project' then t.tgenabled end)
  from pg_trigger as t join ves_record.list_relations() as r on r.oid = t.tgrelid where not t.tgisinternal
  union all
  select 'pg_rewrite'::regclass, w.oid, 0, format('%s %s', pg_get_ruledef(w.oid, true), w.ev_enabled)
  from pg_rewrite as w join ves_record.list_relations() as r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all
  select 'pg_policy'::regclass, y.oid, 0, pg_get_expr(y.polqual, y.polrelid, true)
  from pg_policy as y join ves_record.list_relations() as r on r.oid = y.polrelid
$$;

comment on function ves_record.list_relation_parts() is
'Relations of the engine, their columns, defaults, constraints, indexes, triggers, rules and policies, with what defines them.';

create or replace function ves_record.list_other_parts()
returns table (classid oid, objid oid, subid integer, definition text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select 'pg_namespace'::regclass, o.oid, 0, null from ves_record.list_schemas() as o
  union all
  select
    'pg_proc'::regclass, p.oid, 0,
    case p.prokind when 'a' then (select a::text from pg_aggregate as a where a.aggfnoid = p.oid)
      else pg_get_functiondef(p.oid) end
  from pg_proc as p where p.pronamespace in (select o.oid from ves_record.list_schemas() as o)
  union all
  -- Types, operators, collations, conversions, text search objects, statistics: there or not there.
  select d.classid, d.objid, 0, null
  from pg_depend as d
  where d.refclassid = 'pg_namespace'::regclass and d.refobjid in (select o.oid from ves_record.list_schemas() as o)
    and d.classid not in ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_constraint'::regclass)
  union all
  select 'pg_cast'::regclass, c.oid, 0, null
  from pg_cast as c
  join pg_type as s on s.oid = c.castsource
  join pg_type as t on t.oid = c.casttarget
  left join pg_proc as p on p.oid = c.castfunc
  where array[s.typnamespace, t.typnamespace, p.pronamespace] && array(select o.oid from ves_record.list_schemas() as o)
  union all
  -- The superuser's own event triggers are the operator's business.
  select 'pg_event_trigger'::regclass, e.oid, 0, null
  from pg_event_trigger as e join pg_proc as p on p.oid = e.evtfoid join pg_roles as w on w.oid = p.proowner
  where not w.rolsuper or p.pronamespace in (select o.oid from ves_record.list_schemas() as o)
$$;

comment on function ves_record.list_other_parts() is
'Schemas and functions of the engine with what defines them; types, operators and what else is in the schemas; casts and event triggers that use them.';

create or replace function ves_record.list_grants()
returns table (kind text, identity text, digest text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  with controlled (classid, objid, owner, acl, kind) as (
    select 'pg_namespace'::regclass, n.oid, n.nspowner, n.nspacl, 'n'
    from pg_namespace as n where n.oid in (select o.oid from ves_record.list_schemas() as o)
    union all
    select 'pg_proc'::regclass, p.oid, p.proowner, p.proacl, 'f'
    from pg_proc as p where p.pronamespace in (select o.oid from ves_record.list_schemas() as o)
    union all
    select 'pg_type'::regclass, t.oid, t.typowner, t.typacl, 'T' from pg_type as t
    where t.typnamespace in (select o.oid from ves_record.list_schemas() as o) and t.typrelid = 0 and t.typelem = 0
    union all
    select
      'pg_class'::regclass, r.oid, r.relowner,
      coalesce(r.relacl, acldefault(case r.relkind when 'S' then 's' else 'r' end::"char", r.relowner))
      || array(
        select x.item from pg_attribute as a cross join unnest(a.attacl) as x (item)
        where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      ),
      'r'
    from ves_record.list_relations() as r where r.relkind not in ('i', 'I', 'c')
    union all
    select 'pg_database'::regclass, b.oid, b.datdba, b.datacl, 'd'
    from pg_database as b where b.datname = current_database()
  )
  select
    'grants', case c.kind when 'd' then 'database' else i.type || ' ' || i.identity end,
    md5(concat(
      (
        select case when w.rolsuper then 'superuser' else w.rolname end
        from pg_roles as w where w.oid = c.owner and c.kind <> 'd'
      ),
      (
        select string_agg(
          format('%s %s %s', g.grantee::regrole, g.privilege_type, g.is_grantable), ','
          order by g.grantee::regrole::text, g.privilege_type
        )
        from aclexplode(coalesce(c.acl, acldefault(c.kind::"char", c.owner))) as g
        where g.grantee <> c.owner
      )
    ))
  from controlled as c cross join pg_identify_object(c.classid, c.objid, 0) as i
$$;

comment on function ves_record.list_grants() is
'Owner and grants of every schema, function, type and relation of the engine and of the database, as ves_record.list_objects answers them.';

-- Rights of other roles there are the operator's business, as are those that were taken away.
create or replace function ves_record.list_outer_grants()
returns table (
  kind text, identity text, target text, role text, privilege text, is_grantable boolean, is_initial boolean
)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  with schemas (oid) as (
    select n.oid from pg_namespace as n where n.nspname in ('pg_catalog', 'pgmq')
  ),
  controlled (classid, objid, subid, kind, owner, acl, target) as (
    select 'pg_proc'::regclass, p.oid, 0, 'f', p.proowner, p.proacl, format('routine %s', p.oid::regprocedure)
    from pg_proc as p where p.pronamespace in (select s.oid from schemas as s)
    union all
    select 'pg_namespace'::regclass, n.oid, 0, 'n', n.nspowner, n.nspacl, format('schema %s', n.oid::regnamespace)
    from pg_namespace as n where n.oid in (select s.oid from schemas as s) or n.nspname = 'public'
    union all
    select
      'pg_class'::regclass, r.oid, 0, case r.relkind when 'S' then 's' else 'r' end, r.relowner, r.relacl,
      format('table %s', r.oid::regclass)
    from pg_class as r where r.relnamespace in (select s.oid from schemas as s)
    union all
    select
      'pg_class'::regclass, r.oid, a.attnum, 'c', r.relowner, a.attacl, format('table %s', r.oid::regclass)
    from pg_attribute as a join pg_class as r on r.oid = a.attrelid
    where a.attacl is not null and r.relnamespace in (select s.oid from schemas as s)
    union all
    select 'pg_parameter_acl'::regclass, p.oid, 0, 'p', 10, p.paracl, format('parameter %s', p.parname)
    from pg_parameter_acl as p
  )
  select
    i.type, i.identity, c.target, coalesce(w.rolname, 'public'), g.privilege_type, g.is_grantable,
    exists (
      select from aclexplode(coalesce(b.initprivs, acldefault(c.kind::"char", c.owner))) as x
      where (x.grantee, x.privilege_type, x.is_grantable) = (g.grantee, g.privilege_type, g.is_grantable)
    )
  from controlled as c
  cross join aclexplode(c.acl) as g
  cross join pg_identify_object(c.classid, c.objid, c.subid) as i
  left join pg_roles as w on w.oid = g.grantee
  left join pg_init_privs as b on (b.classoid, b.objoid, b.objsubid) = (c.classid, c.objid, c.subid)
  where g.grantee = 0 or w.rolname ^@ 'ves_'
$$;

comment on function ves_record.list_outer_grants() is
'Rights of PUBLIC and of the engine''s roles outside the engine''s schemas (pg_catalog, pgmq, schema public itself, parameters), and whether PostgreSQL or the extension gave them.';

create or replace function ves_record.list_roles()
returns table (kind text, identity text, digest text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select
    'role', w.rolname::text,
    md5(concat_ws(
      ' ', w.rolsuper, w.rolinherit, w.rolcreaterole, w.rolcreatedb, w.rolcanlogin, w.rolreplication, w.rolbypassrls
    ))
  from pg_roles as w where w.rolname ^@ 'ves_'
  union all
  select 'membership', format('%s in %s', m.member::regrole, m.roleid::regrole), ''
  from pg_auth_members as m join pg_roles as w on w.oid = m.member
  where w.rolname ^@ 'ves_' and m.roleid <> 'ves_owner'::regrole
  union all
  select 'member of ves_owner', m.member::regrole::text, ''
  from pg_auth_members as m where m.roleid = 'ves_owner'::regrole
  union all
  select
    'setting', concat_ws(' ', s.setrole::regrole, case when s.setdatabase <> 0 then 'in this database' end),
    md5(array(select x.v from unnest(s.setconfig) as x (v) order by x.v)::text)
  from pg_db_role_setting as s
  where s.setrole in (select w.oid from pg_roles as w where w.rolname ^@ 'ves_')
    and s.setdatabase in (0, (select b.oid from pg_database as b where b.datname = current_database()))
$$;

comment on function ves_record.list_roles() is
'What the engine''s roles are: attributes, roles that they are in, members of ves_owner, settings, as ves_record.list_objects answers them.';

create or replace function ves_record.list_objects()
returns table (kind text, identity text, digest text)
language sql stable
set search_path to pg_catalog, pg_temp
-- how definitions and names are printed
set intervalstyle to 'postgres'
set datestyle to 'ISO'
set timezone to 'UTC'
set bytea_output to 'hex'
set extra_float_digits to 1
set quote_all_identifiers to off
as $$
  select
    i.type || case when num_nonnulls(x.indexprs, x.indpred) > 0 then ' with expression' else '' end,
    i.identity, md5(coalesce(l.definition, ''))
  from (
    select r.* from ves_record.list_relation_parts() as r
    union all
    select o.* from ves_record.list_other_parts() as o
  ) as l
  cross join pg_identify_object(l.classid, l.objid, l.subid) as i
  left join pg_index as x on x.indexrelid = l.objid and l.classid = 'pg_class'::regclass
  union all
  select g.* from ves_record.list_grants() as g
  union all
  select
    'default privileges',
    concat_ws(' ', a.defaclrole::regrole, a.defaclnamespace::regnamespace, a.defaclobjtype),
    md5(a.defaclacl::text)
  from pg_default_acl as a
  where a.defaclrole = 'ves_owner'::regrole
    or a.defaclnamespace in (select o.oid from ves_record.list_schemas() as o)
  union all
  select 'grants', concat_ws(' ', o.kind, o.identity), md5(string_agg(
    format('%s %s %s', o.role, o.privilege, o.is_grantable), ',' order by o.role, o.privilege
  ))
  from ves_record.list_outer_grants() as o
  group by o.kind, o.identity having not bool_and(o.is_initial)
  union all
  select r.* from ves_record.list_roles() as r
$$;

comment on function ves_record.list_objects() is
'Every object, list of grants, role, membership and role setting by which the engine could do something else, with the MD5 of its definition.';

create or replace function ves_record.list_differences()
returns table (kind text, identity text, state text)
language sql stable
set search_path to pg_catalog, pg_temp
as $$
  select
    kind, identity,
    case when r.digest is null then 'unexpected' when f.digest is null then 'missing' else 'changed' end
  from ves_record.objects as r full join ves_record.list_objects() as f using (kind, identity)
  where r.digest is distinct from f.digest
  order by kind, identity
$$;

comment on function ves_record.list_differences() is
'What differs from what the last installation left: kind, identity, and one of missing, unexpected, changed.';

grant select on ves_record.objects to ves_owner;
revoke all on all functions in schema ves_record from public;
grant execute on all functions in schema ves_record to ves_owner;
