-- Whether each Ed25519 signature is valid (VES 6.1, libsodium); false for a row with a null.
create or replace function ves_int.ed25519_verify_batch(
  public_keys bytea[],
  messages bytea[],
  signatures bytea[]
)
returns boolean[]
language plpython3u
immutable
strict
parallel safe
cost 5000
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
return ves.ed25519_verify_batch(public_keys, messages, signatures)
$$;

comment on function ves_int.ed25519_verify_batch(bytea[], bytea[], bytea[]) is
'Whether each Ed25519 signature is valid (VES 6.1, libsodium); false for a row with a null.';
