create or replace function ves_int.next_level(nodes bytea)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  -- One flat bytea a level: subscripting a bytea[] inside a query walks the array for each element.
  select string_agg(sha256('VES_NODE_V1'::bytea || substring(nodes from 64 * i + 1 for 64)), ''::bytea order by i)
  from generate_series(0, octet_length(nodes) / 64 - 1) as i;
$$;

comment on function ves_int.next_level(bytea) is 'Parents of a level of concatenated 32-byte nodes (VES 9.2); its length must be even in nodes.';
