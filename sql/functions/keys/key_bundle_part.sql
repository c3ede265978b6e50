create or replace function ves_int.key_bundle_part(bundle bytea, part text)
returns bytea
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
begin
  return (
    select string_agg(decode(lpad(to_hex(b.value::integer), 2, '0'), 'hex'), ''::bytea order by b.ord)
    from jsonb_array_elements_text(convert_from(bundle, 'UTF8')::jsonb -> part) with ordinality as b (value, ord)
  );
exception
  when data_exception or program_limit_exceeded then
    return null;
end
$$;

comment on function ves_int.key_bundle_part(bytea, text) is
'One key of a bundle''s JSON text, in which keys are arrays of numbers (VES 6.4); null when it is absent or no such array.';
