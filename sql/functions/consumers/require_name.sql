create or replace function ves_int.require_name(field text, value text, max_bytes integer)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  -- as in the constraints of subscriptions and subscription_members
  v_not_printable constant text := format(
    '[%s-%s%s-%s%s-%s%s-%s]', chr(1), chr(31), chr(127), chr(159), chr(8232), chr(8238), chr(8294), chr(8297));
begin
  if (octet_length(value) between 1 and max_bytes and value !~ v_not_printable) is not true then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', field));
  end if;
end
$$;

comment on function ves_int.require_name(text, text, integer) is
'Refuses a name that is null, empty, longer than so many bytes, or has control characters or such as turn the direction of text. Errors: VE007.';
