-- Siblings of a leaf of the legacy tree, bottom-up; a level without one is skipped (VES 17.3).
create or replace function ves_int.legacy_inclusion_path(
  leaves bytea,
  leaf_index integer
)
returns bytea[]
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
levels = GD["ves"].guard(plpy, GD["ves.legacy"].build_levels, leaves)
return GD["ves"].guard(plpy, GD["ves.legacy"].inclusion_path, levels, leaf_index)
$$;

comment on function ves_int.legacy_inclusion_path(bytea, integer) is
'Siblings of a leaf of the legacy tree, bottom-up; a level without one is skipped (VES 17.3).';
