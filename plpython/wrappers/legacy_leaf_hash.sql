-- A legacy commitment leaf (VES 17.3).
create or replace function ves_int.legacy_leaf_hash(
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  payload_hash bytea,
  entity_type text,
  entity_id text
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
ids = (tenant_id, store_id)
return ves.guard(plpy, ves.legacy_leaf_hash, ids, sequence_number, payload_hash, entity_type, entity_id)
$$;

comment on function ves_int.legacy_leaf_hash(uuid, uuid, bigint, bytea, text, text) is
'A legacy commitment leaf (VES 17.3).';
