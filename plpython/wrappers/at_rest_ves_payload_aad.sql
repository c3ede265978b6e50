-- AAD of a stored payload of the VES stream.
create or replace function ves_int.at_rest_ves_payload_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  signing_hash bytea
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.at_rest" not in GD:
    from ves import plpython_at_rest
    GD["ves.at_rest"] = plpython_at_rest
ves = GD["ves.at_rest"]
return ves.ves_payload_aad(tenant_id, store_id, event_id, signing_hash)
$$;

comment on function ves_int.at_rest_ves_payload_aad(uuid, uuid, uuid, bytea) is
'AAD of a stored payload of the VES stream (VES 16; a form of this implementation): covers event id and signing hash.';
