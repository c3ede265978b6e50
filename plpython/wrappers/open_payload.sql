-- The canonical payload of an encrypted event, opened with one recipient key (VES 8.2).
create or replace function ves_int.open_payload(
  payload_encrypted text,
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  agent_id uuid,
  agent_key_id integer,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  plain_hash bytea,
  recipient_kid bigint,
  private_key bytea
)
returns text
language plpython3u
immutable
strict
parallel safe
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.values" not in GD:
    from ves import plpython_values
    GD["ves.values"] = plpython_values
ves = GD["ves.values"]
ids = (tenant_id, store_id, event_id, agent_id)
fields = (agent_key_id, entity_type, entity_id, event_type, created_at)
recipient = (recipient_kid, private_key)
return ves.guard(plpy, ves.open_payload, payload_encrypted, ids, fields, plain_hash, recipient)
$$;

comment on function ves_int.open_payload(text, uuid, uuid, uuid, uuid, integer, text, text, text, text, bytea, bigint, bytea) is
'The canonical payload of an encrypted event, opened with one recipient key (VES 8.2). Errors: VE002, VE007.';
