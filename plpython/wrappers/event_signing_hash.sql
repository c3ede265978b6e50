-- event_signing_hash (VES 5); agent_key_id is the bit pattern, created_at the exact text.
create or replace function ves_int.event_signing_hash(
  ves_version integer,
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  agent_id uuid,
  agent_key_id integer,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  payload_kind integer,
  plain_hash bytea,
  cipher_hash bytea
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
ids = (tenant_id, store_id, event_id, agent_id)
fields = (agent_key_id, entity_type, entity_id, event_type, created_at)
return ves.guard(plpy, ves.event_signing_hash, ves_version, ids, fields, payload_kind, plain_hash, cipher_hash)
$$;

comment on function ves_int.event_signing_hash(integer, uuid, uuid, uuid, uuid, integer, text, text, text, text, integer, bytea, bytea) is
'event_signing_hash (VES 5); agent_key_id is the bit pattern, created_at the exact text.';
