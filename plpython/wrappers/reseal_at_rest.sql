-- Generated from ves.plpython_at_rest.reseal_at_rest by `make generate`; do not edit.
create or replace function ves_int.reseal_at_rest(
  kind text,
  tenant_ids uuid[],
  aads bytea[],
  stored bytea[],
  key_ids bytea[],
  hashes bytea[],
  out blobs bytea[],
  out new_key_ids bytea[]
)
returns record
language plpython3u
volatile called on null input parallel restricted cost 10000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_at_rest import reseal_at_rest
from ves.plpython_guard import guard
return guard(plpy, reseal_at_rest,
  kind, tenant_ids, aads, stored, key_ids, hashes)
$$;

comment on function ves_int.reseal_at_rest(text, uuid[], bytea[], bytea[], bytea[], bytea[]) is
'Re-encrypt stored content (plaintext where the key id is null) under the current keys of the tenants (VES 16). kind (ves, legacy, validity, compliance) selects the content hash to check, so that corrupted content is never re-encrypted. Errors: VE510, VE511, VE512 content that does not decrypt or does not match its hash.';
