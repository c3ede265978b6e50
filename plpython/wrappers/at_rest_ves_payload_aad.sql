-- Generated from ves.digests.at_rest_ves_payload_aad by `make generate`; do not edit.
create or replace function ves_int.at_rest_ves_payload_aad(
  tenant_id uuid,
  store_id uuid,
  event_id uuid,
  signing bytea
)
returns bytea
language plpython3u
immutable strict parallel safe cost 100
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.digests import at_rest_ves_payload_aad
from ves.plpython_guard import guard
return guard(plpy, at_rest_ves_payload_aad,
  UUID(tenant_id), UUID(store_id), UUID(event_id), signing)
$$;

comment on function ves_int.at_rest_ves_payload_aad(uuid, uuid, uuid, bytea) is
'AAD of a stored payload of the VES stream; `signing` is the event''s signing hash, which covers the payload''s. A form of this implementation (the original stores these payloads in plaintext). The sequence number is not included: it is assigned after encryption.';
