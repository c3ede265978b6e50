create or replace function ves_int.pad_hash()
returns bytea
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select decode('d9dd0e003ba5370a698013c48ed69c6c41d9ebc1236d44b280c52ceacfdad524', 'hex');
$$;

comment on function ves_int.pad_hash() is 'SHA256("VES_PAD_LEAF_V1"), the leaf that fills a tree up to a power of two (VES 9.2).';
