create or replace function ves_int.key_name(agent_id uuid, key_id integer)
returns text
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select agent_id || '/' || (key_id::bigint & 4294967295);
$$;

comment on function ves_int.key_name(uuid, integer) is 'A key as the audit log names it: agent, slash, unsigned number.';
