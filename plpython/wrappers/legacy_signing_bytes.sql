-- The bytes that a legacy signature covers (VES 17.1); command_id and base_version may be null.
create or replace function ves_int.legacy_signing_bytes(
  envelope_version integer,
  event_id uuid,
  command_id uuid,
  tenant_id uuid,
  store_id uuid,
  entity_type text,
  entity_id text,
  event_type text,
  payload_hash bytea,
  base_version bigint,
  created_at_ms bigint
)
returns bytea
language plpython3u
immutable
called on null input
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
ids, texts = (event_id, command_id, tenant_id, store_id), (entity_type, entity_id, event_type)
numbers = (base_version, created_at_ms)
return ves.guard(plpy, ves.legacy_signing_bytes, envelope_version, ids, texts, payload_hash, numbers)
$$;

comment on function ves_int.legacy_signing_bytes(integer, uuid, uuid, uuid, uuid, text, text, text, bytea, bigint, bigint) is
'The bytes that a legacy signature covers (VES 17.1); command_id and base_version may be null.';
