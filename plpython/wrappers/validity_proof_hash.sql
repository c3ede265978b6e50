-- Hash of a validity proof (VES 12).
create or replace function ves_int.validity_proof_hash(
  proof bytea
)
returns bytea
language plpython3u
immutable
strict
parallel safe
cost 100
set search_path to pg_catalog, pg_temp
as $$
if "ves.digests" not in GD:
    from ves import digests
    GD["ves.digests"] = digests
return GD["ves.digests"].validity_proof_hash(proof)
$$;

comment on function ves_int.validity_proof_hash(bytea) is
'Hash of a validity proof (VES 12).';
