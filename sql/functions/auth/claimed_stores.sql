create or replace function ves_int.claimed_stores()
returns uuid[]
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_stores text;
begin
  v_stores := current_setting('request.jwt.claims', true)::jsonb ->> 'stores';
  return string_to_array(nullif(v_stores, ''), ',')::uuid[];
exception
  when others then
    return '{}'::uuid[];
end
$$;

comment on function ves_int.claimed_stores() is
'Stores of the token that PostgREST checked (request.jwt.claims, claim stores: UUIDs with commas between); null means all of the tenant''s, empty none.';
