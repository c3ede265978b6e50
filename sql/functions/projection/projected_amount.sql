create or replace function ves_int.projected_amount(value jsonb)
returns numeric
language plpgsql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
begin
  return case when jsonb_typeof(value) = 'number' then value::numeric end;
end
$$;

comment on function ves_int.projected_amount(jsonb) is 'A JSON number; null when it is missing or no number.';
