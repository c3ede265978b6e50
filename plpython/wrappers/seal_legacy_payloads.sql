-- Encrypts legacy payloads at rest.
create or replace function ves_int.seal_legacy_payloads(
  tenant_id uuid,
  store_id uuid,
  event_ids uuid[],
  sequence_numbers bigint[],
  entity_types text[],
  entity_ids text[],
  event_types text[],
  payloads json[],
  out payloads_at_rest bytea[],
  out payload_key_ids bytea[]
)
returns record
language plpython3u
volatile
called on null input
parallel restricted
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.at_rest" not in GD:
    from ves import plpython_at_rest
    GD["ves.at_rest"] = plpython_at_rest
ves = GD["ves.at_rest"]
texts = (entity_types, entity_ids, event_types)
return ves.guard(plpy, ves.seal_legacy, (tenant_id, store_id), event_ids, sequence_numbers, texts, payloads)
$$;

comment on function ves_int.seal_legacy_payloads(uuid, uuid, uuid[], bigint[], text[], text[], text[], json[]) is
'SSE1 blobs (VES 16) of legacy payloads in their compact form under their assigned sequence numbers; null where the number is null, nulls for plaintext storage. Errors: VE510, VE511.';
