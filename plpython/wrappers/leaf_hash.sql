-- The Merkle leaf of an event (VES 9.1).
create or replace function ves_int.leaf_hash(
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  signing_hash bytea,
  signature bytea
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
return ves.guard(plpy, ves.leaf_hash, tenant_id, store_id, sequence_number, signing_hash, signature)
$$;

comment on function ves_int.leaf_hash(uuid, uuid, bigint, bytea, bytea) is
'The Merkle leaf of an event (VES 9.1).';
