-- A path says neither the number of leaves nor which levels it skips. Skipped levels are always the highest
-- zero bits of the index below its top bit's level (only there a node can be the unpaired last one), so the
-- length of the path leaves at most one choice. The library's ves.legacy.verify_path gives the argument.
create or replace function ves.verify_legacy_inclusion(
  leaf_hash bytea, leaf_index bigint, proof_path bytea[], events_root bytea
)
returns boolean
language plpgsql
immutable
parallel safe
security definer
set search_path to pg_catalog, pg_temp
as $$
declare
  v_max_bits constant integer := 20;
  v_length constant integer := cardinality(coalesce(proof_path, '{}'));
  v_directions boolean[];
  v_bits integer := 0;
  v_to_skip integer;
begin
  if octet_length(leaf_hash) is distinct from 32 or octet_length(events_root) is distinct from 32
    or leaf_index is null or leaf_index < 0 or v_length > 64
    or exists (select from unnest(proof_path) as p (node) where octet_length(p.node) is distinct from 32) then
    return false;
  end if;
  v_directions := array(
    select case when l < 63 then (leaf_index >> l) & 1 = 0 else true end from generate_series(0, v_length - 1) as l order by l);
  if ves_int.legacy_fold(leaf_hash, v_directions, coalesce(proof_path, '{}')) = events_root then
    return true;
  end if;
  if leaf_index >> v_max_bits > 0 then
    return false;
  end if;
  while leaf_index >> v_bits > 0 loop
    v_bits := v_bits + 1;
  end loop;
  v_to_skip := v_bits - v_length;
  v_directions := array[]::boolean[];
  for v_level in reverse v_bits - 1 .. 0 loop
    if v_to_skip > 0 and (leaf_index >> v_level) & 1 = 0 then
      v_to_skip := v_to_skip - 1;
    else
      v_directions := ((leaf_index >> v_level) & 1 = 0) || v_directions;
    end if;
  end loop;
  return v_to_skip = 0 and v_bits > v_length
    and ves_int.legacy_fold(leaf_hash, v_directions, coalesce(proof_path, '{}')) = events_root;
end
$$;

comment on function ves.verify_legacy_inclusion(bytea, bigint, bytea[], bytea) is
'Does the path lead from the leaf to the root of a legacy commitment (VES 17.3), by the original''s rule or with the levels skipped that its length calls for in a tree of up to 2^20 leaves? Pure; false for malformed input.';
