-- Root of the legacy tree over concatenated leaves (VES 17.3); 32 zero bytes when there are none.
create or replace function ves_int.legacy_root(
  leaves bytea
)
returns bytea
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
return GD["ves"].guard(plpy, GD["ves.legacy"].root, leaves)
$$;

comment on function ves_int.legacy_root(bytea) is
'Root of the legacy tree over concatenated leaves (VES 17.3); 32 zero bytes when there are none.';
