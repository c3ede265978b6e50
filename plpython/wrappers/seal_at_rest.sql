-- Generated from ves.plpython_at_rest.seal_at_rest by `make generate`; do not edit.
create or replace function ves_int.seal_at_rest(
  tenant_id uuid,
  aad bytea,
  plaintext bytea,
  out blob bytea,
  out key_id bytea
)
returns record
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython_at_rest import seal_at_rest
from ves.plpython_guard import guard
return guard(plpy, seal_at_rest,
  UUID(tenant_id), aad, plaintext)
$$;

comment on function ves_int.seal_at_rest(uuid, bytea, bytea) is
'Encrypt a plaintext at rest (VES 16) under the tenant''s current key: the SSE1 blob, nulls for plaintext storage. Errors: VE510 no usable key ring, VE511.';
