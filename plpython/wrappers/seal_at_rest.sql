-- Encrypts a plaintext at rest.
create or replace function ves_int.seal_at_rest(
  tenant_id uuid,
  aad bytea,
  plaintext bytea,
  out blob bytea,
  out key_id bytea
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
return ves.guard(plpy, ves.seal, tenant_id, aad, plaintext)
$$;

comment on function ves_int.seal_at_rest(uuid, bytea, bytea) is
'The SSE1 blob (VES 16) of a plaintext under the tenant''s current key; nulls for plaintext storage. Errors: VE510, VE511.';
