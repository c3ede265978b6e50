create or replace function ves_int.require_name(field text, value text, max_bytes integer)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_name ves_int.printable_name;
begin
  begin
    v_name := value;
  exception when check_violation then
    v_name := null;
  end;
  if (octet_length(v_name) between 1 and max_bytes) is not true then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', field));
  end if;
end
$$;

comment on function ves_int.require_name(text, text, integer) is
'Refuses a name that is null, empty, longer than so many bytes, or no ves_int.printable_name. Errors: VE007.';
