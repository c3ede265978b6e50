-- Legacy state root over entity versions, which must come in the collation's order (VES 17.3).
create or replace function ves_int.legacy_state_root(
  tenant_id uuid,
  store_id uuid,
  entity_types text[],
  entity_ids text[],
  versions bigint[]
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
rows = (entity_types, entity_ids, versions)
return ves.guard(plpy, ves.legacy_state_root, (tenant_id, store_id), rows)
$$;

comment on function ves_int.legacy_state_root(uuid, uuid, text[], text[], bigint[]) is
'Legacy state root over entity versions, which must come in the collation''s order (VES 17.3).';
