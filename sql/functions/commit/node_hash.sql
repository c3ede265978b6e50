create or replace function ves_int.node_hash(left_node bytea, right_node bytea)
returns bytea
language sql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256('VES_NODE_V1'::bytea || left_node || right_node);
$$;

comment on function ves_int.node_hash(bytea, bytea) is 'Inner node (VES 9.2).';
