create or replace function ves_int.require_fields(fields jsonb)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_missing constant text := (select f.key from jsonb_each_text(fields) as f where f.value is null limit 1);
begin
  if v_missing is not null then
    perform ves_int.raise_error('missing_field', jsonb_build_object('field', v_missing), v_missing || ' is required');
  end if;
end
$$;

comment on function ves_int.require_fields(jsonb) is 'Raises VE008 naming a member of the object that is null.';
