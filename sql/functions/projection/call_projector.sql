-- Owned by ves_projector, a role without any right (sql/grants/grants.sql): a function that is no longer
-- SECURITY DEFINER runs with no more than that. Settings that it made for the session are taken back.
create or replace function ves_int.call_projector(function text, events json)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before constant jsonb := (
    select jsonb_object_agg(s.name, s.setting) from pg_catalog.pg_settings as s where s.context = 'user'
  );
begin
  execute format(
    'select %I.%I($1)', split_part(call_projector.function, '.', 1), split_part(call_projector.function, '.', 2)
  ) using events;
  perform set_config(s.name, v_before ->> s.name, false)
  from pg_catalog.pg_settings as s
  where s.context = 'user' and v_before ->> s.name is distinct from s.setting;
end
$$;

comment on function ves_int.call_projector(text, json) is
'Calls an agent''s projector as role ves_projector. Errors: those of the function, 42501 if ves_projector may not execute it.';
