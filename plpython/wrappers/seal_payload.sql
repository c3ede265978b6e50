-- Encrypts a payload to X25519 keys (VES 8.2).
create or replace function ves_int.seal_payload(
  payload text,
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  agent_id uuid,
  agent_key_id integer,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  recipient_kids bigint[],
  recipient_keys bytea[],
  randomness bytea default null,
  out payload_encrypted text,
  out plain_hash bytea,
  out cipher_hash bytea
)
returns record
language plpython3u
volatile
called on null input
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
recipients = (recipient_kids, recipient_keys)
return ves.guard(plpy, ves.seal_payload, payload, ids, fields, recipients, randomness)
$$;

comment on function ves_int.seal_payload(text, uuid, uuid, uuid, uuid, integer, text, text, text, text, bigint[], bytea[], bytea) is
'Encrypts a payload to X25519 keys (VES 8.2). randomness (salt, key, nonce, one ephemeral key a recipient) is for tests only; null draws fresh bytes.';
