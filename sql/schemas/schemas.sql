-- Forgetting a grant must close a door, never open one: nothing is executable by PUBLIC.
create schema if not exists ves authorization ves_owner;
create schema if not exists ves_store authorization ves_owner;
create schema if not exists ves_int authorization ves_owner;
create schema if not exists rest authorization ves_owner;

comment on schema ves is 'Public face: the functions and views that edges, operators and auditors use.';
comment on schema ves_store is 'Tables and types. Only the owner reaches them.';
comment on schema ves_int is 'Private functions and PL/Python wrappers.';
comment on schema rest is 'Read-only views served by PostgREST.';

alter default privileges for role ves_owner revoke execute on functions from public;
alter default privileges for role ves_owner revoke usage on types from public;
alter default privileges revoke execute on functions from public;
revoke create on schema public from public;

-- A temporary object is a name that a session chooses; nobody but the owner needs one.
do $$
begin
  execute format('revoke temporary on database %I from public', current_database());
  execute format('grant temporary on database %I to ves_owner', current_database());
end
$$;
