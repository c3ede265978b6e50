create or replace function ves_int.legacy_fold(leaf_hash bytea, left_inputs boolean[], proof_path bytea[])
returns bytea
language plpgsql
immutable
strict
parallel safe
set search_path to pg_catalog, pg_temp
as $$
declare
  v_node bytea := leaf_hash;
begin
  for v_at in 1 .. cardinality(proof_path) loop
    v_node := sha256(case
      when left_inputs[v_at] then v_node || proof_path[v_at]
      else proof_path[v_at] || v_node
    end);
  end loop;
  return v_node;
end
$$;

comment on function ves_int.legacy_fold(bytea, boolean[], bytea[]) is
'The root that a path of siblings leads to in the legacy tree; left_inputs says where the running hash is the left input.';
