-- Generated from ves.digests.at_rest_payload_aad by `make generate`; do not edit.
create or replace function ves_int.at_rest_payload_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  sequence bigint,
  entity_type text,
  entity_id text,
  event_type text
)
returns bytea
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.digests import at_rest_payload_aad
from ves.plpython_guard import guard
return guard(plpy, at_rest_payload_aad,
  UUID(tenant_id), UUID(store_id), UUID(event_id), sequence, entity_type, entity_id, event_type)
$$;

comment on function ves_int.at_rest_payload_aad(uuid, uuid, uuid, bigint, text, text, text) is
'AAD of a stored legacy payload (VES 16).';
