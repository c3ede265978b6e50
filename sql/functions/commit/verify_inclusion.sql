create or replace function ves.verify_inclusion(
  leaf_hash bytea, leaf_index bigint, proof_path bytea[], merkle_root bytea
)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_node bytea := leaf_hash;
  v_sibling bytea;
  v_level integer := 0;
begin
  if octet_length(leaf_hash) is distinct from 32 or octet_length(merkle_root) is distinct from 32
    or leaf_index is null or leaf_index < 0 or cardinality(coalesce(proof_path, '{}')) > 64 then
    return false;
  end if;
  foreach v_sibling in array coalesce(proof_path, '{}')
  loop
    if octet_length(v_sibling) is distinct from 32 then
      return false;
    end if;
    if v_level < 63 and (leaf_index >> v_level) & 1 = 1 then
      v_node := ves_int.node_hash(v_sibling, v_node);
    else
      v_node := ves_int.node_hash(v_node, v_sibling);
    end if;
    v_level := v_level + 1;
  end loop;
  -- Stricter than VES 9.3 asks, like the library: one position has one index.
  return v_node = merkle_root and (v_level > 62 or leaf_index >> v_level = 0);
end
$$;

comment on function ves.verify_inclusion(bytea, bigint, bytea[], bytea) is
'Does the path lead from the leaf to the root (VES 9.3)? Pure: reads nothing, so it may run anywhere. False for any malformed input and for an index that does not fit the path''s length.';
