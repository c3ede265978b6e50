create or replace function ves_int.key_type(key_algorithm integer)
returns text
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case when key_algorithm in (2, 4, 6) then 'encryption' else 'signing' end;
$$;

comment on function ves_int.key_type(integer) is 'signing or encryption: what keys of an algorithm are for (VES 6.3).';
