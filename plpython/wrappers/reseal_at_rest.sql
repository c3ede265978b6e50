-- Re-encrypts stored content under the current keys.
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
return ves.guard(plpy, ves.reseal, kind, tenant_ids, aads, stored, key_ids, hashes)
$$;

comment on function ves_int.reseal_at_rest(text, uuid[], bytea[], bytea[], bytea[], bytea[]) is
'Re-encrypts stored content (plaintext where the key id is null) under the current keys of the tenants. kind (ves, legacy, validity, compliance) selects the content hash to check. Errors: VE510, VE511, VE512 content that does not decrypt or does not match its hash.';
