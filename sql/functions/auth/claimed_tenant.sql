create or replace function ves_int.claimed_tenant(permission text)
returns uuid
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_claims jsonb;
  v_tenant uuid;
begin
  v_claims := current_setting('request.jwt.claims', true)::jsonb;
  v_tenant := (v_claims ->> 'sub')::uuid;
  -- A token that the API refuses selects no tenant here either.
  perform (v_claims ->> 'agent')::uuid, string_to_array(v_claims ->> 'stores', ',')::uuid[];
  if v_claims ->> 'perms' is null
    or permission <> all (string_to_array(v_claims ->> 'perms', ','))
    or jsonb_typeof(v_claims -> 'sub') <> 'string'
    or jsonb_typeof(v_claims -> 'stores') not in ('string', 'null')
    or v_tenant = '00000000-0000-0000-0000-000000000000'
  then
    return null;
  end if;
  return v_tenant;
exception
  when others then
    return null;
end
$$;

comment on function ves_int.claimed_tenant(text) is
'Tenant of the token that PostgREST checked (request.jwt.claims: sub, perms), null unless it holds the permission read, write or admin. Null too for the nil tenant and for claims that are not well formed: never an error.';
