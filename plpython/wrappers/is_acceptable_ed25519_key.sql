-- Whether a signature under this key can verify: canonical, on the curve, not of small order.
create or replace function ves_int.is_acceptable_ed25519_key(
  public_key bytea
)
returns boolean
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.ed25519" not in GD:
    from ves import ed25519
    GD["ves.ed25519"] = ed25519
return GD["ves.ed25519"].is_acceptable_public_key(public_key)
$$;

comment on function ves_int.is_acceptable_ed25519_key(bytea) is
'Whether a signature under this key can verify: canonical, on the curve, not of small order.';
