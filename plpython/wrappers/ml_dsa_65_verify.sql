-- Whether an ML-DSA-65 signature with empty context is valid (VES 6.3).
create or replace function ves_int.ml_dsa_65_verify(
  public_key bytea,
  message bytea,
  signature bytea
)
returns boolean
language plpython3u
immutable
strict
parallel safe
cost 5000
set search_path to pg_catalog, pg_temp
as $$
if "ves.pqc" not in GD:
    from ves import pqc
    GD["ves.pqc"] = pqc
return GD["ves.pqc"].verify(public_key, message, signature)
$$;

comment on function ves_int.ml_dsa_65_verify(bytea, bytea, bytea) is
'Whether an ML-DSA-65 signature with empty context is valid (VES 6.3).';
