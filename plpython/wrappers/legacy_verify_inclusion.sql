-- Whether a path leads from a legacy leaf to the root; right for promoted nodes too (VES 21, trap 12).
create or replace function ves_int.legacy_verify_inclusion(
  leaf_hash bytea,
  leaf_index integer,
  leaf_count integer,
  proof_path bytea[],
  events_root bytea
)
returns boolean
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.legacy" not in GD:
    from ves import legacy, plpython
    GD["ves"], GD["ves.legacy"] = plpython, legacy
return GD["ves.legacy"].verify_inclusion(leaf_hash, leaf_index, leaf_count, proof_path, events_root)
$$;

comment on function ves_int.legacy_verify_inclusion(bytea, integer, integer, bytea[], bytea) is
'Whether a path leads from a legacy leaf to the root; right for promoted nodes too (VES 21, trap 12).';
