-- AAD of a stored legacy payload (VES 16).
create or replace function ves_int.at_rest_payload_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  sequence_number bigint,
  entity_type text,
  entity_id text,
  event_type text
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
ids = (tenant_id, store_id, event_id)
return ves.guard(plpy, ves.at_rest_payload_aad, ids, sequence_number, (entity_type, entity_id, event_type))
$$;

comment on function ves_int.at_rest_payload_aad(uuid, uuid, uuid, bigint, text, text, text) is
'AAD of a stored legacy payload (VES 16).';
